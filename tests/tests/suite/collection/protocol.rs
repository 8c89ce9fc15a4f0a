//! The protocol holds.

use registry_tests::explorer::{Mutation, Scenario};

use super::{explore, scenarios};

fn holds(scenario: &Scenario) {
    holds_with(scenario, &[]);
}

fn holds_with(scenario: &Scenario, mutations: &[Mutation]) {
    assert!(explore(scenario, mutations).counterexample.is_none());
}

#[test]
fn hazard_07_a_layer_that_a_push_relies_on_stays() {
    holds(&scenarios::push_and_delete());
}

#[test]
fn dead_content_serves_whoever_pushes_it_again() {
    holds(&scenarios::two_pushes_of_dead_content());
}

#[test]
fn what_was_pushed_again_stays() {
    holds(&scenarios::push_of_linked());
}

#[test]
fn hazard_42_a_mount_outlives_the_deletion_of_the_last_link() {
    holds(&scenarios::mount_and_delete());
}

#[test]
fn hazard_20_a_layer_outlives_its_deletion_elsewhere() {
    holds(&scenarios::three_clients());
}

#[test]
fn a_manifest_that_is_tagged_again_stays() {
    holds(&scenarios::untag_and_tag());
}

#[test]
fn an_image_that_lost_its_tag_goes_and_a_shared_layer_stays() {
    holds(&scenarios::moved_tag());
}

#[test]
fn a_layer_outlives_the_deletion_of_one_of_its_images() {
    holds(&scenarios::deleted_image());
}

#[test]
fn a_layer_that_need_not_be_there_stays_as_long_as_it_is_referred_to() {
    holds(&scenarios::foreign_layer());
}

#[test]
fn hazard_44_children_of_an_index_pushed_after_them_stay() {
    holds(&scenarios::index_over_child());
}

#[test]
fn hazard_44_signatures_stay_with_their_subject() {
    holds(&scenarios::signature());
    holds(&scenarios::signature_and_subject());
}

#[test]
fn two_pushes_that_revive_the_same_layers_do_not_wait_for_each_other() {
    holds(&scenarios::two_layers());
}

#[test]
fn two_collectors_do_no_harm() {
    holds(&scenarios::two_collectors());
    holds(&scenarios::sealed_while_condemning());
}

#[test]
fn hazard_39_clients_and_collectors_may_die_at_any_moment() {
    holds(&scenarios::lost_connections());
}

#[test]
fn a_late_commit_and_the_orphan_sweep_do_not_both_win() {
    holds(&scenarios::late_commit());
}

#[test]
fn a_key_is_forgotten_when_no_commit_can_name_it() {
    holds(&scenarios::very_late_commit());
}

#[test]
fn an_upload_that_two_requests_finish_keeps_its_object() {
    holds(&scenarios::upload_taken_over());
}

#[test]
fn a_push_need_not_lock_its_own_link() {
    holds_with(&scenarios::push_of_linked(), &[Mutation::LeaveOwnLink]);
}

#[test]
fn a_collector_that_waits_for_locks_does_no_harm() {
    let waits = [Mutation::CollectorWaits];
    holds_with(&scenarios::push_and_delete(), &waits);
    holds_with(&scenarios::two_layers(), &waits);
}
