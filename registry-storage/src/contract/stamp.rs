//! The macros, which list the clauses by name.

/// Stamps one test per clause of [`BlobStore`](registry_core::backend::BlobStore).
///
/// The first argument names the module that holds the tests; the second is a closure whose future
/// gives a fresh and empty store as a
/// [`BlobStoreHarness`](crate::contract::blob_store::BlobStoreHarness). It is called once per test.
#[macro_export]
macro_rules! blob_store_contract {
    ($module:ident, $fresh:expr $(,)?) => {
        $crate::__contract_tests! { $module, $fresh, blob_store, [
            b01_an_unfinished_write_is_listed_as_such,
            b01_nothing_of_a_write_shows_before_its_commit,
            b01_reading_an_unfinished_write_says_absent,
            b02_an_append_may_be_larger_than_a_part,
            b02_an_empty_object_is_an_object,
            b02_reads_back_exactly_what_was_appended,
            b02_the_cuts_of_appends_do_not_show,
            b03_a_key_is_never_used_again,
            b03_a_write_does_not_show_in_another_object,
            b03_no_two_writes_share_a_key,
            b03_two_objects_of_one_digest_are_apart,
            b04_a_checkpoint_commits_as_it_is,
            b04_more_may_be_expected_than_comes,
            b04_a_checkpoint_does_not_disturb_its_writer,
            b04_a_checkpoint_it_did_not_write_is_refused,
            b04_a_checkpoint_resumes_any_number_of_times,
            b04_a_garbled_checkpoint_is_not_guessed,
            b04_a_resumed_write_gives_checkpoints,
            b04_an_older_checkpoint_outlives_a_newer_one,
            b04_an_overtaken_checkpoint_is_whole_or_refused,
            b04_resumes_from_a_checkpoint_at_exactly_its_offset,
            b05_a_commit_that_races_a_delete_is_whole_or_refused,
            b05_a_deleted_write_cannot_commit,
            b05_aborting_a_resumed_write_ends_it,
            b05_an_aborted_write_is_gone,
            b06_a_key_that_never_was_is_absent,
            b06_deleting_a_prefix_of_a_key_deletes_nothing,
            b06_deleting_is_idempotent,
            b06_two_deletes_at_once_both_succeed,
            b07_a_page_begins_strictly_after_its_cursor,
            b07_kinds_are_apart,
            b07_pages_of_any_length_make_the_whole,
            b07_what_was_there_throughout_is_listed,
            b08_a_range_beyond_the_end_is_an_error,
            b08_a_range_tells_the_length_of_the_whole,
            b08_a_read_that_races_a_delete_is_whole_or_an_error,
            b08_ranges_are_exact,
            b09_a_read_comes_in_pieces,
            b09_readers_do_not_disturb_each_other,
            b10_a_dropped_abort_can_be_finished,
            b10_a_dropped_append_can_be_aborted,
            b10_a_dropped_append_resumes_from_the_last_checkpoint,
            b10_a_dropped_begin_leaves_no_object,
            b10_a_dropped_checkpoint_leaves_the_one_before,
            b10_a_dropped_commit_is_whole_or_nothing,
            b10_a_dropped_delete_can_be_repeated,
            b10_a_dropped_look_changes_nothing,
            b11_the_committed_key_is_known_beforehand,
            b12_a_checkpoint_of_a_committed_write_changes_nothing,
            b12_an_open_writer_cannot_change_a_committed_object,
            b12_two_writers_at_once_do_not_mix,
            b12_two_writers_of_one_checkpoint_do_not_mix,
            b13_an_announcement_binds_nobody,
            b13_what_is_refused_leaves_the_write_as_it_was,
            b14_an_append_keeps_the_key,
            b14_what_was_entered_is_given_up_by_its_key,
            b14_what_was_entered_is_gone_on_with,
        ] }
    };
}

/// Stamps one test per clause of [`Metadata`](registry_core::backend::Metadata), and one that holds it
/// to the [`model`](crate::contract::model).
///
/// The first argument names the module that holds the tests; the second is a closure whose future
/// gives a fresh and empty backend as a
/// [`MetadataHarness`](crate::contract::metadata::MetadataHarness). It is called once per test, and by
/// the model once per run.
#[macro_export]
macro_rules! metadata_contract {
    ($module:ident, $fresh:expr $(,)?) => {
        $crate::__contract_tests! { $module, $fresh, metadata, [
            changes_01_a_change_says_who_and_when,
            changes_01_a_first_push_tells_all_it_made,
            changes_01_blobs_are_told,
            changes_01_manifests_and_tags_are_told,
            changes_01_places_and_their_visibility_are_told,
            changes_01_what_did_not_happen_is_not_told,
            changes_02_changes_of_a_digest_are_in_order,
            changes_02_changes_of_a_tag_are_in_order,
            changes_03_a_change_is_told_until_acknowledged,
            changes_03_an_acknowledged_id_does_not_come_again,
            collection_01_a_blob_is_kept_in_its_own_repository,
            collection_01_a_push_by_digest_stays,
            collection_01_a_referrer_outlives_its_subject_by_a_grace,
            collection_01_an_absent_subject_keeps_nothing,
            collection_01_condemning_goes_in_steps,
            collection_01_condemning_marks_the_dead_alone,
            collection_01_what_a_tag_keeps_stays,
            collection_01_what_nothing_keeps_goes,
            collection_02_an_empty_pass_does_no_harm,
            collection_02_an_open_pass_removes_nothing,
            collection_03_a_clock_set_back_shortens_no_grace,
            collection_03_a_collected_manifest_is_told,
            collection_03_a_later_pass_does_not_begin_the_grace_anew,
            collection_03_a_namespace_that_keeps_again_keeps,
            collection_03_a_row_that_lives_loses_its_mark,
            collection_03_a_subject_that_came_keeps_its_referrer,
            collection_03_content_goes_after_its_links,
            collection_03_nothing_goes_before_its_grace,
            collection_03_removing_goes_in_steps,
            collection_04_a_mount_beside_a_removal,
            collection_04_a_mount_from_what_is_removed,
            collection_04_a_push_beside_a_removal,
            collection_04_a_put_beside_a_removal,
            collection_04_a_renewal_beside_a_removal,
            collection_04_a_revived_row_has_its_grace_again,
            collection_04_a_revived_row_stays,
            collection_04_content_that_is_put_again_stays,
            collection_05_a_key_given_up_is_never_named_again,
            collection_05_a_key_is_not_named_by_who_began_before_it_was_given_up,
            collection_05_a_put_beside_the_removal_of_content,
            collection_05_a_removed_object_is_given_until_forgotten,
            collection_06_a_key_named_meanwhile_is_young_again,
            collection_06_a_put_beside_giving_up_the_unknown,
            collection_06_only_the_long_unknown_is_given_up,
            collection_06_the_age_of_the_unknown_is_remembered,
            collection_06_the_unknown_is_forgotten_but_for_some,
            collection_06_what_something_names_is_known,
            collection_06_with_no_grace_the_unseen_is_given_up,
            collection_07_steps_may_be_repeated,
            collection_07_two_collectors_do_no_harm,
            collection_08_held_orphans_are_not_given_up,
            content_01_a_blob_is_found_only_where_it_was_put,
            content_01_a_manifest_is_found_only_where_it_was_put,
            content_01_a_mount_links_what_its_source_has,
            content_01_a_mount_that_races_a_delete_is_whole,
            content_01_a_reference_binds_in_its_own_repository,
            content_01_a_reference_is_met_in_its_own_repository,
            content_01_deleting_a_blob_leaves_it_elsewhere,
            content_01_deleting_a_manifest_leaves_it_elsewhere,
            content_02_a_manifest_with_a_missing_blob_moves_no_tag,
            content_02_a_manifest_with_a_tag_conflict_moves_no_tag,
            content_02_a_push_shows_wholly_or_not_at_all,
            content_03_a_blob_does_not_stand_for_a_manifest,
            content_03_a_push_that_races_a_delete_of_its_blob,
            content_03_a_push_that_races_a_delete_of_its_child,
            content_03_a_refusal_names_exactly_what_is_missing,
            content_03_a_subject_is_not_required,
            content_03_what_is_not_required_may_be_absent,
            content_03_what_is_required_cannot_be_deleted,
            content_04_a_manifest_goes_with_its_tags,
            content_04_a_repeated_push_meets_unmoved,
            content_04_a_tag_is_created_once,
            content_04_a_tag_is_deleted_alone,
            content_04_a_tag_is_moved_once_from_where_it_was,
            content_04_an_unmoved_tag_is_created_once,
            content_04_conditions_hold_where_they_say,
            content_04_no_tag_points_at_nothing,
            content_04_pushes_at_once_leave_one_answer,
            content_04_the_last_push_decides_whatever_the_clock_says,
            content_05_a_large_blob_keeps_its_length,
            content_05_a_manifest_keeps_its_type,
            content_05_a_manifest_reads_back_byte_for_byte,
            content_05_a_manifest_stored_again_keeps_its_first_time,
            content_05_an_inline_blob_reads_back_byte_for_byte,
            content_05_arrival_is_by_repository,
            content_06_a_deleted_cursor_does_no_harm,
            content_06_a_deleted_referrer_is_a_cursor_still,
            content_06_a_page_of_tags_costs_its_length,
            content_06_an_empty_repository_lists_nothing,
            content_06_any_tag_may_go_while_it_is_a_cursor,
            content_06_holders_go_in_byte_order,
            content_06_referrers_go_in_byte_order,
            content_06_tags_go_in_byte_order,
            content_07_a_descriptor_reads_back_as_given,
            content_07_a_filter_is_exact,
            content_07_a_referrer_is_listed_whether_its_subject_is_there,
            content_07_only_a_subject_makes_a_referrer,
            content_08_a_mount_outlives_a_condemned_source,
            content_08_a_mount_revives_its_target,
            content_08_a_put_revives_a_blob,
            content_08_a_put_revives_a_manifest,
            content_08_a_reference_revives_a_blob,
            content_08_a_reference_revives_a_manifest,
            content_08_a_refused_put_does_no_harm,
            content_08_a_renewal_of_what_is_gone_says_so,
            content_08_a_renewal_of_what_is_live_says_yes,
            content_08_a_renewal_revives_either,
            content_08_a_session_revives_a_blob,
            content_08_what_was_removed_is_absent,
            content_09_a_put_repeated_is_stored_again,
            content_09_a_quarantined_content_is_healed_by_a_put,
            content_09_only_the_serving_object_is_quarantined,
            content_09_removed_content_is_stored_anew,
            content_09_the_first_content_serves_all,
            content_09_two_puts_at_once_are_one_content,
            content_10_a_doomed_object_is_refused,
            content_10_a_refused_object_is_free,
            content_11_a_blob_ends_its_session,
            content_11_a_cancelled_session_is_lost,
            content_11_a_session_does_not_end_with_another_digest,
            content_11_an_end_that_races_a_cancel,
            content_11_only_the_newest_writer_ends_a_session,
            content_11_the_same_end_can_be_repeated,
            content_11_two_ends_at_once_are_one,
            inspection_01_contents_go_by_digest,
            inspection_01_manifests_go_by_repository,
            inspection_02_what_is_missing_is_named,
            inspection_03_what_is_quarantined_is_kept_aside,
            inspection_04_what_was_kept_aside_long_enough_is_released,
            inspection_05_a_note_is_kept,
            inspection_06_totals_count_what_there_is,
            leases_01_of_several_at_once_one_has_it,
            leases_01_one_has_it_and_others_do_not,
            leases_02_taking_it_again_renews_it,
            leases_03_what_is_not_renewed_passes_on,
            leases_04_its_holder_ends_it,
            m01_a_blob_refused_for_its_session_makes_nothing,
            m01_a_dropped_acknowledgement_happened_wholly_or_not,
            m01_a_dropped_batch_of_pulls_was_added_wholly_or_not,
            m01_a_dropped_cancel_happened_wholly_or_not,
            m01_a_dropped_change_of_visibility_happened_wholly_or_not,
            m01_a_dropped_checkpoint_happened_wholly_or_not,
            m01_a_dropped_claim_leaves_a_session_that_can_be_claimed,
            m01_a_dropped_condemn_happened_wholly_or_not,
            m01_a_dropped_create_namespace_happened_wholly_or_not,
            m01_a_dropped_create_repository_happened_wholly_or_not,
            m01_a_dropped_delete_blob_happened_wholly_or_not,
            m01_a_dropped_delete_manifest_happened_wholly_or_not,
            m01_a_dropped_delete_tag_happened_wholly_or_not,
            m01_a_dropped_doom_happened_wholly_or_not,
            m01_a_dropped_expiry_loses_nothing,
            m01_a_dropped_first_checkpoint_happened_wholly_or_not,
            m01_a_dropped_first_push_happened_wholly_or_not,
            m01_a_dropped_identity_was_kept_wholly_or_not,
            m01_a_dropped_look_changes_nothing,
            m01_a_dropped_mount_happened_wholly_or_not,
            m01_a_dropped_move_of_tags_happened_wholly_or_not,
            m01_a_dropped_put_blob_happened_wholly_or_not,
            m01_a_dropped_quarantine_happened_wholly_or_not,
            m01_a_dropped_remove_happened_wholly_or_not,
            m01_a_dropped_renewal_happened_wholly_or_not,
            m01_a_dropped_seal_can_be_repeated,
            m01_a_dropped_update_namespace_happened_wholly_or_not,
            m01_a_manifest_refused_for_a_missing_blob_makes_nothing,
            m01_a_manifest_refused_for_its_tag_makes_nothing,
            m01_a_mount_of_nothing_makes_nothing,
            m01_a_push_into_an_absent_repository_makes_nothing,
            m01_a_push_that_may_not_make_its_repository_makes_nothing,
            m01_a_refused_blob_does_not_end_its_session,
            m01_a_refused_manifest_keeps_nothing,
            m02_all_processes_have_one_identity,
            m02_another_process_sees_it_at_once,
            m03_a_change_of_visibility_makes_facts_stale,
            m03_a_place_made_meanwhile_makes_facts_stale,
            m03_a_read_that_races_a_change_is_checked,
            m03_facts_of_a_place_that_is_absent_are_stale,
            m03_facts_that_never_were_are_stale,
            m05_time_never_goes_backwards,
            m05_time_passes,
            pulls_01_counts_add_up,
            pulls_01_counts_added_at_once_are_all_there,
            pulls_02_a_count_ends_with_its_tag,
            pulls_02_counts_of_nothing_are_dropped,
            repositories_01_a_change_elsewhere_leaves_versions_alone,
            repositories_01_a_namespace_has_one_version,
            repositories_01_an_absent_place_has_version_0,
            repositories_01_no_version_comes_back,
            repositories_02_a_namespace_is_made_once,
            repositories_02_a_namespace_takes_new_settings,
            repositories_02_a_repository_is_made_once,
            repositories_02_a_repository_takes_its_own_visibility,
            repositories_02_any_name_is_a_name,
            repositories_02_two_first_pushes_make_one_repository,
            repositories_02_two_namespaces_at_once_are_one,
            repositories_03_names_go_in_byte_order,
            repositories_03_pages_make_the_whole,
            repositories_04_a_change_of_visibility_shows_at_once,
            repositories_04_only_what_may_be_seen_is_listed,
            repositories_05_a_page_costs_its_length,
            uploads_01_a_claim_supersedes_the_writer_before,
            uploads_01_a_session_without_a_row_is_fresh,
            uploads_01_a_write_that_races_a_claim,
            uploads_01_an_epoch_nobody_has_is_refused,
            uploads_01_of_two_claims_at_once_one_writes,
            uploads_01_of_two_first_writes_one_makes_the_row,
            uploads_02_a_checkpoint_reads_back_whole,
            uploads_02_the_last_checkpoint_counts,
            uploads_02_a_claim_reads_the_tail_that_grew,
            uploads_02_a_piece_that_comes_again_is_there_once,
            uploads_02_a_tail_is_replaced_whole,
            uploads_02_a_tail_is_its_writers,
            uploads_02_a_claim_that_races_a_write_reads_one_tail,
            uploads_04_an_end_leaves_no_tail,
            uploads_03_a_session_is_found_only_in_its_repository,
            uploads_03_an_id_is_compared_to_the_letter,
            uploads_04_a_cancelled_session_stays_cancelled,
            uploads_04_an_end_is_remembered,
            uploads_05_a_write_that_races_the_expiry,
            uploads_05_an_old_end_is_forgotten,
            uploads_05_expiry_goes_in_steps,
            uploads_05_idleness_is_by_the_backends_time,
            uploads_05_only_idle_sessions_expire,
            uploads_05_what_expired_is_given_until_forgotten,
            uploads_05_what_was_cancelled_is_given_until_forgotten,
        ], model }
    };
}

/// Stamps a test that holds two engines over one store to the [`model`](crate::contract::model).
///
/// The first argument names the module that holds the test; the second is a closure whose future gives
/// a fresh and empty store and a fresh and empty metadata backend, as a
/// [`BlobStoreHarness`](crate::contract::blob_store::BlobStoreHarness) and a
/// [`MetadataHarness`](crate::contract::metadata::MetadataHarness). It is called once per run. A third is how many runs
/// there are, where backends take their time.
#[macro_export]
macro_rules! engine_contract {
    ($module:ident, $fresh:expr, $runs:expr $(,)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the closure may name nothing of its module")]
            use super::*;

            #[test]
            fn two_engines_agree_with_the_model() {
                $crate::contract::model::engine_runs($runs, $fresh);
            }
        }
    };
    ($module:ident, $fresh:expr $(,)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the closure may name nothing of its module")]
            use super::*;

            #[test]
            fn two_engines_agree_with_the_model() {
                $crate::contract::model::engine($fresh);
            }
        }
    };
}

/// The clauses of rows that are carried as tests.
///
/// The first argument names the module that holds them; the second is a closure whose future gives a fresh and empty
/// backend, as a [`CarryHarness`](crate::contract::carry::CarryHarness). It is called once per test.
#[macro_export]
macro_rules! carry_contract {
    ($module:ident, $fresh:expr $(,)?) => {
        $crate::__contract_tests! { $module, $fresh, carry, [
            carry_01_pages_go_by_key_and_miss_none,
            carry_02_what_is_put_is_read_back,
            carry_02_what_is_put_takes_the_place_of_what_is_there,
            carry_03_what_rests_on_nothing_is_not_put,
            carry_04_a_row_that_cannot_be_put_takes_the_others_along,
            carry_05_a_replaced_or_dropped_object_is_given_up,
            carry_05_what_is_out_of_sight_is_kept_aside,
            carry_06_all_but_places_can_be_dropped,
        ]}
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __contract_tests {
    ($module:ident, $fresh:expr, $suite:ident, [$($clause:ident,)*] $(, $model:ident)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the closure may name nothing of its module")]
            use super::*;

            $(
                #[test]
                fn $clause() {
                    $crate::contract::run(async {
                        let harness = ($fresh)().await;
                        $crate::contract::$suite::$clause(&harness).await;
                    });
                }
            )*

            $(
                #[test]
                fn what_it_says_agrees_with_the_model() {
                    $crate::contract::$model::$suite($fresh);
                }
            )?
        }
    };
}
