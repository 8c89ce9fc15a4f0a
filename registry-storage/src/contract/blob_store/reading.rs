//! Clauses of guarantees 8 and 9: ranges, and reading piece by piece.

use std::ops::Range;

use futures_util::{StreamExt, future::join};
use registry_core::backend::{BlobStore, ObjectKey};

use super::{
    BlobStoreHarness,
    fixture::{Sample, assert_same, drained, part, read_range, stored},
};

/// Every range between the places where a store may err is exactly that range.
pub async fn b08_ranges_are_exact(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    let sample = Sample::new(130, 2 * part + 9);
    let key = stored(&*store, sample).await;
    let places = [
        0,
        1,
        part - 1,
        part,
        part + 1,
        2 * part,
        2 * part + 8,
        2 * part + 9,
    ];
    for (index, start) in places.into_iter().enumerate() {
        for end in places[index + 1..].iter().filter(|end| **end > start) {
            let range = start..*end;
            let found = read_range(&*second, &key, Some(range.clone())).await;
            let found = found.unwrap_or_else(|error| panic!("reading {range:?}: {error}"));
            assert_same(&found, &sample.bytes(range), &key);
        }
    }
}

/// A read of a range tells the length of the whole object.
pub async fn b08_a_range_tells_the_length_of_the_whole(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let sample = Sample::new(131, 1000);
    let key = stored(&*store, sample).await;
    let read = store.read(&key, Some(10..20)).await.expect("read");
    assert_eq!(read.size, 1000);
    assert_same(
        &drained(read).await.expect("bytes"),
        &sample.bytes(10..20),
        &key,
    );
}

/// A range that ends or begins beyond the object is an error, never what there is of it.
pub async fn b08_a_range_beyond_the_end_is_an_error(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let part = part(&*store);
    for length in [0, 10, part, part + 1] {
        let key = stored(&*store, Sample::new(132, length)).await;
        let ends = [length + 1, length + part, i64::MAX.unsigned_abs(), u64::MAX];
        let beyond = ends.into_iter().flat_map(|end| {
            let starts = [0, length / 2, length, length + part, end - 1];
            let starts = starts.into_iter().filter(move |start| *start < end);
            starts.map(move |start| start..end)
        });
        for range in beyond {
            assert_refused(&*store, &key, range).await;
        }
    }
}

/// An object deleted under a reader yields all of its bytes or an error, never some as if they were
/// all.
pub async fn b08_a_read_that_races_a_delete_is_whole_or_an_error(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(133, 3 * part(&*store));
    for taken in 0..3 {
        let key = stored(&*store, sample).await;
        let mut read = store.read(&key, None).await.expect("read");
        let mut bytes = Vec::new();
        let mut begun = read.bytes.as_mut().take(taken);
        while let Some(piece) = begun.next().await {
            bytes.extend_from_slice(&piece.expect("a piece"));
        }
        let (deleted, rest) = match harness.readers_hold_objects() {
            true => join(second.delete(&key), drained(read)).await,
            false => (second.delete(&key).await, drained(read).await),
        };
        deleted.expect("delete");
        if let Ok(rest) = rest {
            bytes.extend(rest);
            assert_same(&bytes, &sample.whole(), &key);
        }
    }
}

/// A read comes in pieces no longer than a part, so what is held does not grow with the object.
pub async fn b09_a_read_comes_in_pieces(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let sample = Sample::new(140, 4 * part(&*store));
    let key = stored(&*store, sample).await;
    let mut read = store.read(&key, None).await.expect("read");
    while let Some(piece) = read.bytes.next().await {
        let length = piece.expect("a piece").len() as u64;
        assert!(
            length <= part(&*store),
            "a piece of {length} bytes of an object of parts of {}",
            part(&*store)
        );
    }
}

/// Several readers of one object do not disturb each other, nor does one that goes away.
pub async fn b09_readers_do_not_disturb_each_other(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let sample = Sample::new(141, 2 * part(&*store) + 1);
    let key = stored(&*store, sample).await;
    let mut slow = store.read(&key, None).await.expect("read");
    let first = slow.bytes.next().await.expect("a piece").expect("a piece");
    let mut gone = second.read(&key, None).await.expect("read");
    gone.bytes.next().await;
    drop(gone);
    let quick = read_range(&*second, &key, None).await.expect("bytes");
    assert_same(&quick, &sample.whole(), &key);
    let rest = drained(slow).await.expect("the rest");
    assert_same(&[&first[..], &rest].concat(), &sample.whole(), &key);
}

/// The store must refuse the range, when it is opened or while it is read.
async fn assert_refused(store: &dyn BlobStore, key: &ObjectKey, range: Range<u64>) {
    let read = read_range(store, key, Some(range.clone())).await;
    if let Ok(bytes) = read {
        panic!(
            "the range {range:?} gave {} bytes and no error",
            bytes.len()
        );
    }
}
