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
        ] }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __contract_tests {
    ($module:ident, $fresh:expr, $suite:ident, [$($clause:ident,)*]) => {
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
        }
    };
}
