//! Clauses of guarantees 1, 2 and 3: what is seen of a write, and where.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::future::join_all;
use registry_core::backend::{ObjectKind, StoreErrorKind};

use super::{
    BlobStoreHarness,
    fixture::{
        Sample, append, assert_absent, assert_whole, lengths, listed, part, stored, told, written,
    },
};
use crate::contract::drive::{at_every_head_start, race};

/// A write that has not committed is no object: neither under its own key nor under the one that
/// its commit will give it, whether it was only begun, has a checkpoint, or was dropped.
pub async fn b01_nothing_of_a_write_shows_before_its_commit(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(1, 2 * part(&*store) + 5);
    let mut write = store.begin().await.expect("begin");
    let keys = [write.key().clone(), write.committed_key(&sample.digest())];
    for cut in [0, 0, part(&*store), sample.length].windows(2) {
        append(&mut *write, sample, cut[0]..cut[1]).await;
        for key in &keys {
            assert_absent(&*second, key).await;
        }
    }
    write.checkpoint().await.expect("checkpoint");
    drop(write);
    for key in &keys {
        assert_absent(&*store, key).await;
        assert_absent(&*second, key).await;
    }
}

/// Reading what is not committed says that it is absent, not that the store is out of order.
pub async fn b01_reading_an_unfinished_write_says_absent(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let mut write = written(&*store, Sample::new(2, 100)).await;
    write.checkpoint().await.expect("checkpoint");
    let read = store.read(write.key(), None).await.map(|read| read.size);
    let kind = read.expect_err("an unfinished write was opened").kind;
    assert_eq!(kind, StoreErrorKind::Absent);
}

/// A write with a checkpoint is listed as unfinished by every process, where the store can tell, and no
/// longer once it has committed.
pub async fn b01_an_unfinished_write_is_listed_as_such(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(3, part(&*store) + 1);
    let mut write = written(&*store, sample).await;
    let unfinished = write.checkpoint().await.expect("checkpoint").key;
    assert_eq!(&unfinished, write.key(), "the key of the checkpoint");
    let open = listed(&*second, ObjectKind::Unfinished).await;
    assert_eq!(open, told(harness, vec![unfinished]));

    let key = write.commit(&sample.digest()).await.expect("commit");
    let open = listed(&*second, ObjectKind::Unfinished).await;
    assert_eq!(open, [], "a committed write is still listed as unfinished");
    let committed = listed(&*second, ObjectKind::Committed).await;
    assert_eq!(committed, [key]);
}

/// Every length around the store's parts reads back byte for byte, at once and in every process.
pub async fn b02_reads_back_exactly_what_was_appended(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    for (seed, length) in (10..).zip(lengths(&*store)) {
        let sample = Sample::new(seed, length);
        let key = stored(&*store, sample).await;
        assert_whole(&*second, &key, sample).await;
        assert_whole(&*store, &key, sample).await;
    }
}

/// An object of no bytes is an object, also where the store's multipart uploads need a part.
pub async fn b02_an_empty_object_is_an_object(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let empty = Sample::new(20, 0);
    let untouched = stored(&*store, empty).await;
    assert_whole(&*store, &untouched, empty).await;

    let mut write = store.begin().await.expect("begin");
    write.append(Bytes::new()).await.expect("append of nothing");
    write.checkpoint().await.expect("checkpoint of nothing");
    let key = write.commit(&empty.digest()).await.expect("commit");
    assert_whole(&*store, &key, empty).await;
}

/// However the bytes are cut into appends, they are the same object.
pub async fn b02_the_cuts_of_appends_do_not_show(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let part = part(&*store);
    let sample = Sample::new(21, 2 * part + 3);
    let mut write = store.begin().await.expect("begin");
    let cuts = [0, 1, 1, part - 1, part, part + 2, 2 * part + 3];
    for cut in cuts.windows(2) {
        let piece = sample.bytes(cut[0]..cut[1]);
        write.append(piece).await.expect("append");
    }
    let key = write.commit(&sample.digest()).await.expect("commit");
    assert_whole(&*store, &key, sample).await;
}

/// One append may be larger than a part.
pub async fn b02_an_append_may_be_larger_than_a_part(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let sample = Sample::new(22, 3 * part(&*store) + 1);
    let mut write = store.begin().await.expect("begin");
    write.append(sample.whole()).await.expect("append");
    let key = write.commit(&sample.digest()).await.expect("commit");
    assert_whole(&*store, &key, sample).await;
}

/// No two writes have a key in common, whichever process began them and whatever they carry.
pub async fn b03_no_two_writes_share_a_key(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(30, 10);
    let stores = [&store, &second].into_iter().cycle().take(32);
    let keys = join_all(stores.map(async |store| {
        let write = written(&**store, sample).await;
        let own = write.key().clone();
        let committed = write.commit(&sample.digest()).await.expect("commit");
        BTreeSet::from([own, committed])
    }))
    .await;
    let all: BTreeSet<_> = keys.iter().flatten().collect();
    let apart: usize = keys.iter().map(BTreeSet::len).sum();
    assert_eq!(all.len(), apart, "a key was given to two writes");
}

/// A key that was given up is not given again.
pub async fn b03_a_key_is_never_used_again(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let mut seen = BTreeSet::new();
    for _ in 0..16 {
        let mut write = written(&*store, Sample::new(31, 10)).await;
        write.checkpoint().await.expect("checkpoint");
        assert!(seen.insert(write.key().clone()), "{} again", write.key());
        write.abort().await.expect("abort");
        let key = stored(&*store, Sample::new(31, 10)).await;
        assert!(seen.insert(key.clone()), "{key} again");
        store.delete(&key).await.expect("delete");
    }
}

/// Two pushes of one digest are two objects: deleting one leaves the other.
pub async fn b03_two_objects_of_one_digest_are_apart(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(32, part(&*store) + 1);
    at_every_head_start(async |head_start| {
        let pushes = (stored(&*store, sample), stored(&*second, sample));
        let (first, other) = race(head_start, pushes.0, pushes.1).await;
        assert_ne!(first, other, "two writes of one digest have one key");
        store.delete(&first).await.expect("delete");
        assert_absent(&*second, &first).await;
        assert_whole(&*store, &other, sample).await;
    })
    .await;
}

/// A write under way does not show in an object of the same digest, nor does its end.
pub async fn b03_a_write_does_not_show_in_another_object(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(33, part(&*store) + 1);
    let other = Sample::new(34, part(&*store) + 9);
    let key = stored(&*store, sample).await;
    let mut write = written(&*second, other).await;
    write.checkpoint().await.expect("checkpoint");
    assert_whole(&*store, &key, sample).await;
    write.abort().await.expect("abort");
    assert_whole(&*store, &key, sample).await;
}
