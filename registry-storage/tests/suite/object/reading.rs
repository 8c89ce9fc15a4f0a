//! Answers that break in the middle.

use std::sync::Arc;

use futures_util::StreamExt;
use object_store::{ObjectStoreExt, path::Path};
use registry_core::backend::{BlobStore, StoreErrorKind};
use registry_storage::contract::run;

use super::{Bucket, Fault, PART_SIZE, bytes, open, pull, push};

#[test]
fn a_read_goes_on_where_it_broke() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let whole = bytes(4 * PART_SIZE + 9);
        let key = push(&blobs, &whole).await.unwrap();
        for faults in [
            vec![Fault::Broken(0)],
            vec![Fault::Broken(700)],
            vec![Fault::Cut(0)],
            vec![Fault::Cut(700)],
            vec![
                Fault::Broken(1),
                Fault::Cut(1),
                Fault::Refused,
                Fault::Broken(1000),
            ],
        ] {
            bucket.requests();
            for fault in &faults {
                bucket.plan("get", *fault);
            }
            assert_eq!(pull(&blobs, &key).await.unwrap(), whole, "{faults:?}");
            assert_eq!(bucket.requests().len(), 1 + faults.len(), "{faults:?}");
        }
    });
}

#[test]
fn a_range_goes_on_where_it_broke() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let whole = bytes(4 * PART_SIZE);
        let key = push(&blobs, &whole).await.unwrap();
        bucket.plan("get", Fault::Broken(33));
        let mut read = blobs.read(&key, Some(100..1500)).await.unwrap();
        let mut found = Vec::new();
        while let Some(piece) = read.bytes.next().await {
            found.extend_from_slice(&piece.unwrap());
        }
        assert_eq!(found, whole[100..1500]);
    });
}

/// As it is with a slow reader of a large object, whose answers end by the clock.
#[test]
fn a_read_that_comes_forward_may_break_many_times() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let whole = bytes(12 * PART_SIZE);
        let key = push(&blobs, &whole).await.unwrap();
        for _ in 0..11 {
            bucket.plan("get", Fault::Broken(PART_SIZE as usize));
        }
        assert_eq!(pull(&blobs, &key).await.unwrap(), whole);
    });
}

#[test]
fn a_read_that_breaks_again_and_again_is_an_error() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let key = push(&blobs, &bytes(4 * PART_SIZE)).await.unwrap();
        for fault in [Fault::Broken(10), Fault::Cut(10)] {
            for _ in 0..5 {
                bucket.plan("get", fault);
            }
            bucket.requests();
            let error = pull(&blobs, &key).await.unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
            assert!(error.message.contains("broke at 50"), "{error}");
            assert_eq!(bucket.requests().len(), 5);
        }
    });
}

/// Objects never change, but a bucket belongs to its operator.
#[test]
fn a_read_does_not_go_on_in_another_object() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let whole = bytes(4 * PART_SIZE);
        let key = push(&blobs, &whole).await.unwrap();
        bucket.plan("get", Fault::Broken(10));
        let mut read = blobs.read(&key, None).await.unwrap();
        let begins = read.bytes.next().await.unwrap().unwrap();
        assert_eq!(begins, whole[..10]);

        let path = Path::from(format!("a/registry/{key}"));
        let other = vec![0; whole.len()];
        bucket.objects().put(&path, other.into()).await.unwrap();
        let error = read.bytes.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    });
}

#[test]
fn a_read_of_what_is_gone_meanwhile_says_so() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let key = push(&blobs, &bytes(PART_SIZE)).await.unwrap();
        bucket.plan("get", Fault::Cut(10));
        let mut read = blobs.read(&key, None).await.unwrap();
        read.bytes.next().await.unwrap().unwrap();
        blobs.delete(&key).await.unwrap();
        let error = read.bytes.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Absent, "{error}");
    });
}
