//! Clauses of guarantees 5, 6 and 11: what is given up, and what an end leaves behind.

use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey, ObjectKind, StoreCheckpoint, StoreErrorKind},
};

use super::{
    BlobStoreHarness,
    fixture::{
        Sample, append, assert_absent, assert_whole, listed, part, stored, try_append, written,
    },
};
use crate::contract::drive::{at_every_head_start, race};

/// Keys that no store made, among them some that a careless one would follow out of its directory.
const NO_KEYS: [&str; 7] = [
    "",
    "absent",
    "../absent",
    "a/../../b",
    "/",
    "a\0b",
    "%2e%2e/x",
];

/// After an abort there is nothing to resume, to commit or to list.
pub async fn b05_an_aborted_write_is_gone(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    for length in [0, 10, part(&*store) + 1] {
        let sample = Sample::new(100, length);
        let mut write = written(&*store, sample).await;
        let from = write.checkpoint().await.expect("checkpoint");
        let keys = [from.key.clone(), write.committed_key(&sample.digest())];
        write.abort().await.expect("abort");
        if is_kept(harness, length) {
            assert_gone(&*second, &from).await;
        }
        for key in &keys {
            assert_absent(&*store, key).await;
        }
    }
}

/// A resumed write that is aborted is gone too, for all who hold its checkpoint.
pub async fn b05_aborting_a_resumed_write_ends_it(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let mut write = written(&*store, Sample::new(101, part(&*store) + 1)).await;
    let from = write.checkpoint().await.expect("checkpoint");
    drop(write);
    let resumed = second.resume(&from).await.expect("resume");
    resumed.abort().await.expect("abort");
    assert_gone(&*store, &from).await;
}

/// An unfinished write that another process deletes can be neither resumed nor committed, also by a
/// writer that still has it open.
pub async fn b05_a_deleted_write_cannot_commit(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    let lengths = [10, part, part + 1].into_iter();
    for length in lengths.filter(|length| is_kept(harness, *length)) {
        let sample = Sample::new(102, length + 7);
        let mut write = written(&*store, Sample::new(102, length)).await;
        let from = write.checkpoint().await.expect("checkpoint");
        let key = write.committed_key(&sample.digest());
        second.delete(&from.key).await.expect("delete");
        assert_gone(&*store, &from).await;

        let taken = try_append(&mut *write, sample, length..sample.length).await;
        let outcome = write.commit(&sample.digest()).await;
        let error = outcome.expect_err("a deleted write was committed");
        assert_ne!(error.kind, StoreErrorKind::Unknown, "after {taken:?}");
        assert_absent(&*second, &key).await;
    }
}

/// A delete that races the commit leaves the whole object or none, and the commit tells which.
pub async fn b05_a_commit_that_races_a_delete_is_whole_or_refused(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(103, part(&*store) + 1);
    at_every_head_start(async |head_start| {
        let mut write = written(&*store, sample).await;
        let from = write.checkpoint().await.expect("checkpoint");
        let key = write.committed_key(&sample.digest());
        let digest = sample.digest();
        let commit = write.commit(&digest);
        let (committed, deleted) = race(head_start, commit, second.delete(&from.key)).await;
        deleted.expect("delete");
        let there = store.stat(&key).await.expect("stat").is_some();
        // Where the unfinished and the committed key are one, the delete may have been the last.
        assert!(
            there == committed.is_ok() || (from.key == key && !there),
            "commit answered {committed:?}, and that the object is there is {there}"
        );
        if there {
            assert_whole(&*second, &key, sample).await;
        }
    })
    .await;
}

/// Deleting removes the object for every process; deleting again is no error.
pub async fn b06_deleting_is_idempotent(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let key = stored(&*store, Sample::new(110, part(&*store) + 1)).await;
    for store in [&store, &second, &store] {
        store.delete(&key).await.expect("delete");
        assert_absent(&*second, &key).await;
    }
}

/// Two deletes at once both succeed.
pub async fn b06_two_deletes_at_once_both_succeed(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    at_every_head_start(async |head_start| {
        let key = stored(&*store, Sample::new(111, 10)).await;
        let deletes = (store.delete(&key), second.delete(&key));
        let (first, other) = race(head_start, deletes.0, deletes.1).await;
        first.expect("delete");
        other.expect("delete of the same key at the same time");
        assert_absent(&*store, &key).await;
    })
    .await;
}

/// A key that the store never made is absent, and deleting it is no error.
pub async fn b06_a_key_that_never_was_is_absent(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let sample = Sample::new(112, 10);
    let kept = stored(&*store, sample).await;
    for key in NO_KEYS.map(ObjectKey::new) {
        assert_absent(&*store, &key).await;
        store.delete(&key).await.expect("delete of an absent key");
    }
    assert_whole(&*store, &kept, sample).await;
}

/// A key that only begins like another, or is a part of it, is another key.
pub async fn b06_deleting_a_prefix_of_a_key_deletes_nothing(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let sample = Sample::new(113, 10);
    let key = stored(&*store, sample).await;
    let text = key.as_str();
    let ends = text.char_indices().map(|(end, _)| &text[..end]);
    for prefix in ends.map(ObjectKey::new) {
        store
            .delete(&prefix)
            .await
            .expect("delete of an absent key");
    }
    assert_whole(&*store, &key, sample).await;
}

/// The key that a commit will give is known before, on every writer of the write, so that one look
/// at it decides whether a commit whose answer was lost has happened.
pub async fn b11_the_committed_key_is_known_beforehand(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    for digest in [Digest::sha256(b"1"), Digest::sha512(b"1")] {
        let mut write = store.begin().await.expect("begin");
        let foretold = write.committed_key(&digest);
        append(&mut *write, Sample::new(120, 1), 0..1).await;
        write.checkpoint().await.expect("checkpoint");
        assert_eq!(write.committed_key(&digest), foretold, "before the commit");
        let key = write.commit(&digest).await.expect("commit");
        assert_eq!(key, foretold, "the key of the object");
        let size = second.stat(&key).await.expect("stat");
        assert_eq!(size, Some(1), "the size under the key foretold");
    }
}

/// Whether the store has something of a write of this length, once it has a checkpoint.
fn is_kept(harness: &dyn BlobStoreHarness, length: u64) -> bool {
    harness.keeps_short_writes() || length >= part(&*harness.store())
}

/// The write can no longer be resumed and is not listed.
async fn assert_gone(store: &dyn BlobStore, from: &StoreCheckpoint) {
    for resumed in [store.resume(from).await, store.resume_to_append(from).await] {
        let resumed = resumed.map(|write| write.key().clone());
        let kind = resumed.expect_err("a write given up was resumed").kind;
        assert_eq!(kind, StoreErrorKind::Absent, "resuming a write given up");
    }
    let open = listed(store, ObjectKind::Unfinished).await;
    assert!(
        !open.contains(&from.key),
        "{} was given up but is listed as unfinished",
        from.key
    );
}
