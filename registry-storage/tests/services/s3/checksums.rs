//! What a checksum sees that goes with the bytes: a byte that changed on the way to the store.

use bytes::Bytes;
use futures_util::TryStreamExt;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey, StoreError},
};
use registry_storage::{
    contract::run,
    object::object_store::aws::{AmazonS3Builder, Checksum},
};

use super::{
    Bucket, Program, open,
    proxy::{Fate, proxy},
};

/// A way to a server's port on which one bit of each body is changed.
fn spoiling(server: u16) -> u16 {
    proxy(server, |request| {
        let middle = request.body.len() / 2;
        if request.head.starts_with("PUT ")
            && let Some(byte) = request.body.get_mut(middle)
        {
            *byte ^= 1;
        }
        Fate::Passed
    })
}

async fn push(client: AmazonS3Builder, bytes: &Bytes) -> Result<ObjectKey, StoreError> {
    let blobs = open(client.build().unwrap());
    let mut write = blobs.begin().await?;
    write.append(bytes.clone()).await?;
    write.commit(&Digest::sha256(bytes)).await
}

/// An object of one part, and one of several.
fn contents() -> [Bytes; 2] {
    [1 << 20, 6 << 20].map(|length| Bytes::from(vec![7; length]))
}

#[test]
fn a_byte_that_changed_on_the_way_is_seen_by_its_checksum() {
    run(async {
        let bucket = Bucket::start(Program::Minio).await;
        let port = spoiling(bucket.port());
        for checksum in [Checksum::CRC64NVME, Checksum::SHA256] {
            for bytes in contents() {
                let client = || bucket.builder("content").with_checksum_algorithm(checksum);
                push(client(), &bytes).await.unwrap();
                let spoilt = client().with_endpoint(format!("http://127.0.0.1:{port}"));
                push(spoilt, &bytes).await.unwrap_err();
            }
        }
    });
}

/// The signature alone does not see it here: it leaves the bytes out, as with TLS.
#[test]
fn without_a_checksum_it_is_not_seen() {
    run(async {
        let bucket = Bucket::start(Program::Minio).await;
        let port = spoiling(bucket.port());
        for bytes in contents() {
            let client = bucket.builder("content");
            let spoilt = client.with_endpoint(format!("http://127.0.0.1:{port}"));
            let key = push(spoilt, &bytes).await.unwrap();
            let read = pull(&bucket, &key).await;
            assert!(read.len() == bytes.len() && read != bytes);
        }
    });
}

async fn pull(bucket: &Bucket, key: &ObjectKey) -> Bytes {
    let blobs = open(bucket.builder("content").build().unwrap());
    let read = blobs.read(key, None).await.unwrap();
    let pieces: Vec<_> = read.bytes.try_collect().await.unwrap();
    pieces.concat().into()
}
