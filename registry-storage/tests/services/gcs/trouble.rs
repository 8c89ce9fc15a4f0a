//! What is told where the server cannot do what it is asked.

use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobStore, StoreErrorKind},
};
use registry_storage::contract::run;

use super::{OpenBucket, open, server::PART_SIZE};
use crate::s3::trouble::{assert_unavailable, push};

#[test]
fn a_bucket_that_is_refused_is_no_empty_store() {
    run(async {
        let bucket = OpenBucket::start().await;
        let blobs = open(bucket.builder());
        let key = push(&blobs, Bytes::from_static(b"hello")).await.unwrap();
        let stranger = open(bucket.builder().with_bucket_name("elsewhere"));
        assert_unavailable(&stranger, &key, "403").await;
        let error = stranger.stat(&key).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    });
}

#[test]
fn a_server_that_is_gone_is_no_empty_store() {
    run(async {
        let mut bucket = OpenBucket::start().await;
        let blobs = open(bucket.builder());
        let key = push(&blobs, Bytes::from_static(b"hello")).await.unwrap();
        bucket.stop();
        assert_unavailable(&blobs, &key, "GoogleCloudStorage(content)").await;
        // A put that nobody can tell of.
        let error = push(&blobs, Bytes::from_static(b"more")).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unknown, "{error}");
    });
}

/// All parts are sent, so the completion is refused. Of that the client tells no status: the server's words alone
/// say that the upload has ended.
#[test]
fn a_commit_of_an_upload_that_was_given_up_is_absent() {
    run(async {
        let bucket = OpenBucket::start().await;
        let blobs = open(bucket.builder());
        let bytes = Bytes::from(vec![7; PART_SIZE as usize]);
        let mut write = blobs.begin().await.unwrap();
        write.append(bytes.clone()).await.unwrap();
        let from = write.checkpoint().await.unwrap();
        open(bucket.builder()).delete(&from.key).await.unwrap();
        let error = write.commit(&Digest::sha256(&bytes)).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Absent, "{error}");
    });
}
