//! Registries over a broken backend, and the model of two engines that has to catch them.
//!
//! The clauses look at one backend by itself. Here its fault shows only in what callers are told.

use std::sync::Arc;

use registry_core::backend::{BlobStore, ReferenceRow, ReferenceTarget};
use registry_storage::{contract::model, memory::MemoryBlobs};

use super::{
    assert_fails,
    collection::{AnswerThatIsNoLease, KeptOnlyBy, NoGrace},
    content::DeletedForAll,
    mutant::{Mutation, broken, sound},
};

/// What was acknowledged and is kept cannot be read.
const GONE: &str = "is gone from repository";

/// Panics unless the model holds of engines over sound metadata, and fails over this.
fn assert_caught<M: Mutation>(mutation: impl Fn() -> M, words: &str) {
    let blobs = || Arc::new(MemoryBlobs::new()) as Arc<dyn BlobStore>;
    assert_fails(
        || model::engine(|| async { (blobs(), sound()) }),
        || model::engine(|| async { (blobs(), broken(|_| mutation())) }),
        words,
    );
}

#[test]
fn hazard_07_an_answer_that_is_no_lease_is_caught_by_the_engines() {
    assert_caught(|| AnswerThatIsNoLease, GONE);
}

#[test]
fn hazard_07_a_collection_without_a_grace_is_caught_by_the_engines() {
    assert_caught(|| NoGrace, GONE);
}

#[test]
fn hazard_07_a_collection_of_what_manifests_need_is_caught_by_the_engines() {
    let children = |row: &ReferenceRow| row.target == ReferenceTarget::Manifest;
    assert_caught(|| KeptOnlyBy(children), "which never got it");
}

#[test]
fn hazard_20_a_delete_for_all_repositories_is_caught_by_the_engines() {
    assert_caught(|| DeletedForAll, GONE);
}
