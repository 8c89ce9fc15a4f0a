//! Clauses of guarantee 10: every call dropped after its first, second, and nth poll.
//!
//! What a dropped call did may still be under way when it is dropped, on a thread of its own, say. So
//! an object is never looked at once: it is there whole, or absent and then perhaps whole.

use registry_core::backend::{BlobStore, ObjectKey, ObjectKind, StoreCheckpoint};

use super::{
    BlobStoreHarness,
    fixture::{
        Sample, append, assert_absent, assert_whole, listed, part, read_range, stored, written,
    },
};
use crate::contract::drive::{at_every_poll, polled};

/// A write that was dropped while it began leaves nothing that a reader sees and nothing in the way.
pub async fn b10_a_dropped_begin_leaves_no_object(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    at_every_poll(async |polls| {
        let begun = polled(polls, store.begin()).await;
        let committed = listed(&*store, ObjectKind::Committed).await;
        assert_eq!(committed.len(), polls - 1, "{committed:?}");
        stored(&*store, Sample::new(150, 10)).await;
        begun.is_some()
    })
    .await;
}

/// A write whose append was dropped half way goes on from its last checkpoint.
pub async fn b10_a_dropped_append_resumes_from_the_last_checkpoint(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    let sample = Sample::new(151, 3 * part);
    at_every_poll(async |polls| {
        let offset = part + 3;
        let mut write = written(&*store, Sample::new(151, offset)).await;
        let from = write.checkpoint().await.expect("checkpoint");
        let noise = Sample::new(152, 2 * part);
        let appended = polled(polls, write.append(noise.whole())).await;
        drop(write);
        assert_resumes(&*second, &from, sample).await;
        appended.is_some()
    })
    .await;
}

/// A write whose append was dropped half way can be aborted.
pub async fn b10_a_dropped_append_can_be_aborted(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let part = part(&*store);
    at_every_poll(async |polls| {
        let mut write = written(&*store, Sample::new(153, part + 3)).await;
        let from = write.checkpoint().await.expect("checkpoint");
        let noise = Sample::new(154, 2 * part);
        let appended = polled(polls, write.append(noise.whole())).await;
        write.abort().await.expect("abort");
        let resumed = store.resume(&from).await.map(|write| write.key().clone());
        resumed.expect_err("an aborted write was resumed");
        appended.is_some()
    })
    .await;
}

/// A write whose checkpoint was dropped half way goes on from the one before.
pub async fn b10_a_dropped_checkpoint_leaves_the_one_before(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    let sample = Sample::new(155, 3 * part);
    at_every_poll(async |polls| {
        let mut write = written(&*store, Sample::new(155, part + 3)).await;
        let from = write.checkpoint().await.expect("checkpoint");
        append(&mut *write, Sample::new(156, part), 0..part).await;
        let checkpoint = polled(polls, write.checkpoint()).await;
        drop(write);
        assert_resumes(&*second, &from, sample).await;
        checkpoint.is_some()
    })
    .await;
}

/// A commit that was dropped has made the whole object under the key foretold, or nothing.
pub async fn b10_a_dropped_commit_is_whole_or_nothing(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(157, 2 * part(&*store) + 1);
    let beside = stored(&*store, Sample::new(158, 10)).await;
    at_every_poll(async |polls| {
        let write = written(&*store, sample).await;
        let key = write.committed_key(&sample.digest());
        let digest = sample.digest();
        let committed = polled(polls, write.commit(&digest)).await;
        let there = second.stat(&key).await.expect("stat").is_some();
        assert!(
            there || committed.is_none(),
            "{key} is absent after its commit"
        );
        if there {
            assert_whole(&*second, &key, sample).await;
        }
        assert_whole(&*store, &beside, Sample::new(158, 10)).await;
        store.delete(&key).await.expect("delete");
        committed.is_some()
    })
    .await;
}

/// An abort that was dropped has ended the write or left it as it was.
pub async fn b10_a_dropped_abort_can_be_finished(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    at_every_poll(async |polls| {
        let mut write = written(&*store, Sample::new(159, part(&*store) + 1)).await;
        let from = write.checkpoint().await.expect("checkpoint");
        let aborted = polled(polls, write.abort()).await;
        second.delete(&from.key).await.expect("delete");
        let resumed = second.resume(&from).await.map(|write| write.key().clone());
        resumed.expect_err("a write given up was resumed");
        let open = listed(&*second, ObjectKind::Unfinished).await;
        assert_eq!(open, [], "writes given up are listed");
        aborted.is_some()
    })
    .await;
}

/// A delete that was dropped has removed the object or left it whole, and can be repeated.
pub async fn b10_a_dropped_delete_can_be_repeated(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let sample = Sample::new(160, part(&*store) + 1);
    at_every_poll(async |polls| {
        let key = stored(&*store, sample).await;
        let deleted = polled(polls, store.delete(&key)).await;
        if let Ok(bytes) = read_range(&*store, &key, None).await {
            assert_eq!(bytes, sample.whole(), "{key} after a dropped delete");
        }
        store.delete(&key).await.expect("the delete, repeated");
        assert_absent(&*store, &key).await;
        deleted.is_some()
    })
    .await;
}

/// A resume, read, stat or list that was dropped changes nothing.
pub async fn b10_a_dropped_look_changes_nothing(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let sample = Sample::new(161, 2 * part(&*store) + 1);
    let start = Sample::new(161, part(&*store) + 1);
    let key = stored(&*store, sample).await;
    at_every_poll(async |polls| {
        let from = written(&*store, start).await.checkpoint().await;
        let from = from.expect("checkpoint");
        let done = [
            polled(polls, store.resume(&from)).await.is_some(),
            polled(polls, store.stat(&key)).await.is_some(),
            polled(polls, store.list(ObjectKind::Committed, None, 10))
                .await
                .is_some(),
            polled(polls, read_range(&*store, &key, None))
                .await
                .is_some(),
        ];
        assert_whole(&*store, &key, sample).await;
        let other = assert_resumes(&*store, &from, sample).await;
        store.delete(&other).await.expect("delete");
        done.into_iter().all(|done| done)
    })
    .await;
}

/// Panics unless the checkpoint resumes at its offset and the sample, appended from there, commits.
async fn assert_resumes(
    store: &dyn BlobStore,
    from: &StoreCheckpoint,
    sample: Sample,
) -> ObjectKey {
    let mut write = store.resume(from).await.expect("resume");
    append(&mut *write, sample, from.offset..sample.length).await;
    let key = write.commit(&sample.digest()).await.expect("commit");
    assert_whole(store, &key, sample).await;
    key
}
