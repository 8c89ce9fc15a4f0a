//! Each point of the protocol is needed: without it the explorer finds what breaks.

use registry_tests::explorer::{Mutation, Scenario, Violation};

use super::{explore, scenarios};

fn breaks(scenario: &Scenario, mutations: &[Mutation], expected: fn(Violation) -> bool) {
    let found = explore(scenario, mutations).counterexample;
    let violation = found
        .expect("the explorer finds what this breaks")
        .violation;
    assert!(expected(violation), "{violation}");
}

fn is_lost(violation: Violation) -> bool {
    matches!(violation, Violation::Lost(_))
}

fn is_live_removed(violation: Violation) -> bool {
    violation == Violation::LiveRemoved
}

fn is_incomplete(violation: Violation) -> bool {
    violation == Violation::Incomplete
}

#[test]
fn removal_waits_for_transactions_older_than_the_seal() {
    let scenario = scenarios::push_and_delete();
    breaks(&scenario, &[Mutation::NoFence], is_live_removed);
    let scenario = scenarios::foreign_layer();
    breaks(&scenario, &[Mutation::NoFence], is_live_removed);
}

#[test]
fn the_fence_is_an_id_of_its_own_not_the_xmax_of_a_snapshot() {
    let scenario = scenarios::sealed_while_condemning();
    breaks(&scenario, &[Mutation::FenceFromSnapshot], is_live_removed);
}

#[test]
fn the_fence_is_newer_than_what_the_seal_waited_for() {
    let scenario = scenarios::sealed_while_condemning();
    let mutation = Mutation::SealInOneTransaction;
    breaks(&scenario, &[mutation], is_live_removed);
}

#[test]
fn a_mark_is_of_a_pass_that_is_open() {
    let scenario = scenarios::two_collectors();
    breaks(&scenario, &[Mutation::CondemnWithoutPassLock], is_lost);
}

#[test]
fn the_grace_does_not_count_from_the_mark() {
    let scenario = scenarios::push_of_linked();
    breaks(&scenario, &[Mutation::GraceFromMark], is_lost);
}

#[test]
fn the_grace_does_not_count_from_the_seal() {
    let scenario = scenarios::push_of_linked();
    let mutations = [Mutation::GraceFromSeal, Mutation::LeaveOwnLink];
    breaks(&scenario, &mutations, is_lost);
}

#[test]
fn a_transaction_has_its_id_before_it_reads_what_it_relies_on() {
    let mutation = [Mutation::LateId];
    let scenario = scenarios::two_pushes_of_dead_content();
    breaks(&scenario, &mutation, is_live_removed);
    breaks(&scenarios::mount_and_delete(), &mutation, is_live_removed);
}

#[test]
fn who_meets_a_mark_clears_it() {
    let scenario = scenarios::push_and_delete();
    breaks(&scenario, &[Mutation::RelyOnMarked], is_live_removed);
}

#[test]
fn who_clears_a_mark_looks_whether_the_row_was_there() {
    let scenario = scenarios::two_pushes_of_dead_content();
    breaks(&scenario, &[Mutation::ReviveBlindly], is_lost);
}

#[test]
fn removal_asks_again_whether_the_row_is_dead() {
    let mutation = [Mutation::RemoveWithoutDeadness];
    breaks(&scenarios::push_and_delete(), &mutation, is_live_removed);
}

#[test]
fn removal_asks_again_for_the_mark_where_it_deletes() {
    let scenario = scenarios::push_and_delete();
    breaks(&scenario, &[Mutation::RemoveWithoutMark], is_lost);
}

#[test]
fn hazard_07_a_head_that_meets_a_mark_renews() {
    let scenario = scenarios::push_of_linked();
    breaks(&scenario, &[Mutation::AnswerWithoutRenewal], is_lost);
}

#[test]
fn a_deletion_locks_before_it_asks_who_requires_the_row() {
    let mutation = [Mutation::DeleteWithoutLock];
    breaks(&scenarios::push_and_delete(), &mutation, is_incomplete);
    breaks(&scenarios::index_over_child(), &mutation, is_incomplete);
}

#[test]
fn a_push_holds_what_it_refers_to() {
    let mutation = [Mutation::ReferWithoutLock];
    breaks(&scenarios::push_and_delete(), &mutation, is_incomplete);
    breaks(&scenarios::index_over_child(), &mutation, is_incomplete);
}

#[test]
fn hazard_42_content_does_not_go_with_its_last_link() {
    let scenario = scenarios::mount_and_delete();
    breaks(&scenario, &[Mutation::DeleteWithLastLink], is_lost);
}

#[test]
fn hazard_44_an_index_keeps_its_children() {
    let scenario = scenarios::index_over_child();
    breaks(&scenario, &[Mutation::IgnoreIndexes], is_live_removed);
}

#[test]
fn hazard_44_a_subject_keeps_its_referrers() {
    let scenario = scenarios::signature();
    breaks(&scenario, &[Mutation::IgnoreSubjects], is_live_removed);
}

#[test]
fn named_and_given_up_keys_have_one_unique_index() {
    let is_given_up_named = |violation| violation == Violation::GivenUpNamed;
    let mutation = [Mutation::SeparateKeyTables];
    breaks(&scenarios::late_commit(), &mutation, is_given_up_named);
}

#[test]
fn a_key_that_was_given_up_is_not_forgotten_at_once() {
    let scenario = scenarios::late_commit();
    breaks(&scenario, &[Mutation::ForgetKeys], is_lost);
}

#[test]
fn a_writer_that_began_long_ago_names_nothing() {
    let scenario = scenarios::very_late_commit();
    breaks(&scenario, &[Mutation::NameHoweverLate], is_lost);
}

#[test]
fn a_refused_object_goes_only_through_the_metadata() {
    let scenario = scenarios::upload_taken_over();
    breaks(&scenario, &[Mutation::DiscardRefused], is_lost);
}

#[test]
fn a_finished_session_is_no_proof_that_the_blob_is_there() {
    let scenario = scenarios::upload_taken_over();
    breaks(&scenario, &[Mutation::TrustFinishedSession], is_lost);
}

#[test]
fn the_collector_clears_its_mark_from_what_lives() {
    let is_leak = |violation| violation == Violation::Leak;
    breaks(
        &scenarios::foreign_layer(),
        &[Mutation::LeaveMarks],
        is_leak,
    );
}
