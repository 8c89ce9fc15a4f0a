//! What is told where the server cannot do what it is asked.

use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey, StoreError, StoreErrorKind},
};
use registry_storage::{
    contract::{blob_store::BlobStoreHarness, run},
    object::ObjectBlobs,
};

use super::{Bucket, Program, open};

const PROGRAM: Program = Program::Versitygw;

pub(crate) async fn push(blobs: &dyn BlobStore, bytes: Bytes) -> Result<ObjectKey, StoreError> {
    let digest = Digest::sha256(&bytes);
    let mut write = blobs.begin().await?;
    write.append(bytes).await?;
    write.commit(&digest).await
}

pub(crate) async fn assert_unavailable(blobs: &ObjectBlobs, key: &ObjectKey, words: &str) {
    let larger_than_a_part = Bytes::from(vec![7; 6 << 20]);
    let errors = [
        push(blobs, larger_than_a_part).await.unwrap_err(),
        blobs.read(key, None).await.map(drop).unwrap_err(),
        blobs.delete(key).await.unwrap_err(),
        blobs
            .list(registry_core::backend::ObjectKind::Committed, None, 1)
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
        assert!(error.message.contains(words), "{error}");
    }
}

#[test]
fn a_bucket_that_is_not_there_is_no_empty_store() {
    run(async {
        let bucket = Bucket::start(PROGRAM).await;
        let key = push(&*bucket.store(), Bytes::from_static(b"hello"))
            .await
            .unwrap();
        let other = open(bucket.client("elsewhere", "not a secret"));
        assert_unavailable(&other, &key, "NoSuchBucket").await;
    });
}

#[test]
fn a_key_that_is_refused_is_no_empty_store() {
    run(async {
        let bucket = Bucket::start(PROGRAM).await;
        let key = push(&*bucket.store(), Bytes::from_static(b"hello"))
            .await
            .unwrap();
        let stranger = open(bucket.client("content", "a guess"));
        assert_unavailable(&stranger, &key, "403").await;
        let error = stranger.stat(&key).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    });
}

#[test]
fn a_server_that_is_gone_is_no_empty_store() {
    run(async {
        let mut bucket = Bucket::start(PROGRAM).await;
        let blobs = open(bucket.client("content", "not a secret"));
        let key = push(&blobs, Bytes::from_static(b"hello")).await.unwrap();
        bucket.stop();
        assert_unavailable(&blobs, &key, "AmazonS3(content)").await;
        // A put that nobody can tell of.
        let error = push(&blobs, Bytes::from_static(b"more")).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unknown, "{error}");
    });
}
