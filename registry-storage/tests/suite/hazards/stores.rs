//! Hazards 1, 2 and 3: bytes that get where they do not belong.

use std::sync::Arc;

use registry_core::backend::BlobStore;
use registry_storage::{
    contract::{
        blob_store::{self as contract, BlobStoreHarness},
        run,
    },
    memory::MemoryBlobs,
};

use super::{
    assert_fails,
    file_store::{FileStore, Resumed},
};

fn files(resumed: Resumed) -> Arc<dyn BlobStore> {
    Arc::new(FileStore::new(resumed))
}

fn assert_caught(clause: impl AsyncFn(&dyn BlobStoreHarness), resumed: Resumed, words: &str) {
    let sound: Arc<dyn BlobStore> = Arc::new(MemoryBlobs::new());
    assert_fails(
        || run(clause(&sound)),
        || run(clause(&files(resumed))),
        words,
    );
}

#[test]
fn hazard_01_a_resume_after_uncommitted_bytes_is_caught_by_b04() {
    assert_caught(
        contract::b04_resumes_from_a_checkpoint_at_exactly_its_offset,
        Resumed::AtTheEnd,
        "the size of",
    );
    assert_caught(
        contract::b10_a_dropped_append_resumes_from_the_last_checkpoint,
        Resumed::AtTheEnd,
        "the size of",
    );
}

#[test]
fn hazard_02_two_writers_of_one_file_are_caught_by_b12() {
    assert_caught(
        contract::b12_two_writers_of_one_checkpoint_do_not_mix,
        Resumed::AtTheOffset,
        "/upload-",
    );
}

#[test]
fn hazard_03_a_writer_that_changes_a_committed_blob_is_caught_by_b12() {
    assert_caught(
        contract::b12_an_open_writer_cannot_change_a_committed_object,
        Resumed::AtTheOffset,
        "/upload-",
    );
}

/// The store is otherwise as it should be: what catches it are the clauses about its fault.
#[test]
fn a_store_of_files_keeps_what_one_writer_writes() {
    run(async {
        let store = || files(Resumed::AtTheOffset);
        contract::b02_reads_back_exactly_what_was_appended(&store()).await;
        contract::b04_resumes_from_a_checkpoint_at_exactly_its_offset(&store()).await;
        contract::b07_pages_of_any_length_make_the_whole(&store()).await;
    });
}
