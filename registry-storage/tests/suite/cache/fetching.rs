//! Several readers of one blob make one read of the store.

use futures_util::{StreamExt, future::join_all};
use registry_core::backend::{BlobStore, StoreErrorKind};
use registry_storage::contract::run;

use super::fixture::{Fixture, STEP, rest, until};

const ROOM: u64 = 64 << 20;

#[test]
fn readers_at_once_make_one_read_and_later_ones_none() {
    run(async {
        let it = Fixture::new(ROOM);
        let blob = it.blob(1, 3 * STEP + 7).await;
        join_all((0..20).map(|_| it.read(&blob))).await;
        assert_eq!(it.far.reads(), [None]);
        it.read(&blob).await;
        it.read_range(&blob, 5..STEP as u64 + 9).await;
        assert_eq!(it.far.reads(), []);
        let figures = it.cached.figures();
        assert_eq!((figures.misses, figures.followed, figures.hits), (1, 19, 2));
        assert_eq!(figures.fetched_bytes, blob.bytes.len() as u64);
        assert_eq!(figures.blobs, 1);
    });
}

#[test]
fn a_reader_gets_what_has_come_before_the_rest() {
    run(async {
        let it = Fixture::held(ROOM);
        let blob = it.blob(1, 3 * STEP).await;
        let first = it.begin(&blob).await;
        let mut second = it.open(&blob, None).await.unwrap();
        let piece = second.bytes.next().await.unwrap().unwrap();
        assert!(piece == blob.bytes[..STEP]);
        it.read_range(&blob, 3..STEP as u64).await;
        it.far.let_through(2);
        assert!(rest(first).await == blob.bytes[STEP..]);
        assert!(rest(second).await == blob.bytes[STEP..]);
        assert_eq!(it.far.reads(), [None]);
    });
}

#[test]
fn a_range_that_has_not_come_passes_to_the_store_and_keeps_nothing() {
    run(async {
        let it = Fixture::new(ROOM);
        let blob = it.blob(1, 3 * STEP).await;
        it.read_range(&blob, 5..STEP as u64).await;
        assert_eq!(it.far.reads(), [Some(5..STEP as u64)]);
        assert_eq!(it.cached.figures().blobs, 0);
        it.cached.read(&blob.key, None).await.unwrap();
        assert_eq!(
            it.far.reads(),
            [None],
            "what cannot be verified is not kept"
        );
        assert_eq!(it.cached.figures().passed, 2);
    });
}

#[test]
fn others_go_on_when_the_first_reader_leaves() {
    run(async {
        let it = Fixture::held(ROOM);
        let blob = it.blob(1, 3 * STEP).await;
        let first = it.open(&blob, None);
        let second = it.open(&blob, None);
        let (first, second) = futures_util::future::join(first, second).await;
        drop(first);
        it.far.let_through(3);
        assert!(rest(second.unwrap()).await == blob.bytes);
        it.read(&blob).await;
        assert_eq!(it.far.reads(), [None]);
    });
}

#[test]
fn a_fetch_that_nobody_follows_ends_and_leaves_nothing() {
    run(async {
        let it = Fixture::held(ROOM);
        let blob = it.blob(1, 3 * STEP).await;
        let read = it.begin(&blob).await;
        assert_eq!(it.coming(), 1);
        drop(read);
        until(|| it.coming() == 0 && it.cached.figures().bytes == 0).await;
        it.far.let_through(9);
        it.read(&blob).await;
        assert_eq!(it.far.reads(), [None, None]);
    });
}

#[test]
fn what_the_store_refuses_is_refused_to_all_by_one_answer() {
    run(async {
        let it = Fixture::new(ROOM);
        let blob = it.blob(1, STEP).await;
        it.far.delete(&blob.key).await.unwrap();
        for read in join_all((0..5).map(|_| it.open(&blob, None))).await {
            let error = read.map(drop).unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::Absent);
        }
        assert_eq!(it.far.reads(), [None]);
    });
}

#[test]
fn a_deleted_object_is_gone_from_the_cache_too() {
    run(async {
        let it = Fixture::held(ROOM);
        let (kept, coming) = (it.blob(1, STEP).await, it.blob(2, 2 * STEP).await);
        it.far.let_through(1);
        it.read(&kept).await;
        let read = it.begin(&coming).await;
        for blob in [&kept, &coming] {
            it.cached.delete(&blob.key).await.unwrap();
        }
        it.far.let_through(9);
        assert!(
            rest(read).await == coming.bytes[STEP..],
            "who reads it reads on"
        );
        for blob in [&kept, &coming] {
            let error = it.open(blob, None).await.map(drop).unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::Absent);
        }
        assert_eq!(it.files().len(), 0);
        assert_eq!(it.cached.figures().bytes, 0);
    });
}
