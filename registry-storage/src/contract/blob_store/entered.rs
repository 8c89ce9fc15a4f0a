//! Clauses of guarantee 14: what a write has in the store is named before it is there.

use std::ops::Range;

use registry_core::backend::{BlobStore, BlobWrite, StoreCheckpoint, StoreErrorKind};

use super::{
    BlobStoreHarness,
    fixture::{Sample, append, assert_whole, part},
};

/// A write of the sample's beginning, as whoever keeps its checkpoints makes it: with one at `kept`, and
/// the last one there is.
async fn entered(
    store: &dyn BlobStore,
    sample: Sample,
    kept: u64,
    end: u64,
) -> (Box<dyn BlobWrite>, StoreCheckpoint) {
    let mut write = store.begin().await.expect("begin");
    append(&mut *write, sample, 0..kept).await;
    let mut last = write.checkpoint().await.expect("checkpoint");
    append_entering(&mut *write, sample, kept..end, &mut last).await;
    (write, last)
}

/// Appends piece by piece, each as long as a third of a part, and enters the store where that is due.
async fn append_entering(
    write: &mut dyn BlobWrite,
    sample: Sample,
    range: Range<u64>,
    last: &mut StoreCheckpoint,
) {
    let (mut start, piece) = (range.start, (range.end / 9).max(1));
    while start < range.end {
        let end = range.end.min(start + piece);
        if write.outgrows(end - start) {
            let kept = last.offset;
            *last = write.enter(kept).await.expect("enter");
            assert_eq!(last.offset, kept, "the offset of what was entered");
            assert_eq!(write.key(), &last.key, "the key that was entered");
            assert!(!write.outgrows(end - start), "it was entered");
        }
        let key = write.key().clone();
        append(write, sample, start..end).await;
        assert_eq!(*write.key(), key, "an append found another key");
        start = end;
    }
}

/// No append changes the key, and the object is what was appended.
pub async fn b14_an_append_keeps_the_key(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    for (seed, length) in (90..).zip([1, part(&*store), part(&*store) + 1, 3 * part(&*store)]) {
        let sample = Sample::new(seed, length);
        let (write, _) = entered(&*store, sample, 0, length).await;
        let key = write.commit(&sample.digest()).await.expect("commit");
        assert_whole(&*harness.second(), &key, sample).await;
    }
}

/// Whoever has what was kept last goes on from there, with as many bytes more as come, or none.
pub async fn b14_what_was_entered_is_gone_on_with(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    for (seed, kept) in (100..).zip([0, 1, part / 2]) {
        for end in [kept, part + 3, 2 * part + 5] {
            let sample = Sample::new(seed, 2 * part + 5);
            let (write, mut last) = entered(&*store, sample, kept, sample.length).await;
            drop(write);
            assert_eq!(last.offset, kept);
            let whole = Sample::new(seed, end);
            let mut write = second.resume(&last).await.expect("resume");
            append_entering(&mut *write, whole, kept..end, &mut last).await;
            let key = write.commit(&whole.digest()).await.expect("commit");
            assert_whole(&*store, &key, whole).await;
        }
    }
}

/// The key that was kept last gives up all that there is.
pub async fn b14_what_was_entered_is_given_up_by_its_key(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(110, 2 * part(&*store) + 1);
    let (mut write, last) = entered(&*store, sample, 0, sample.length).await;
    // A part that is still on its way may arrive after the rest was given up, and stay.
    write.checkpoint().await.expect("checkpoint");
    second.delete(&last.key).await.expect("delete");
    let refused = write.commit(&sample.digest()).await;
    assert!(refused.is_err(), "a write that was given up commits");
    let refused = second.resume(&last).await.err();
    let kind = refused.map(|error| error.kind);
    assert_eq!(
        kind,
        Some(StoreErrorKind::Absent),
        "a write that was given up resumes"
    );
}
