//! A store over a bucket, and what tests do with it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use registry_core::{
    Digest,
    backend::{BlobStore, BlobWrite, ObjectKey, StoreError},
};
use registry_storage::{
    SystemRandom,
    contract::blob_store::BlobStoreHarness,
    object::{ObjectBlobs, ObjectSettings},
};

use super::bucket::{Bucket, views};

/// Small enough that tests fill several.
pub(crate) const PART_SIZE: u64 = 512;

pub(crate) fn settings() -> ObjectSettings {
    ObjectSettings {
        part_size: PART_SIZE,
        prefix: "a/registry".to_owned(),
        ..ObjectSettings::default()
    }
}

pub(crate) fn open(bucket: &Arc<Bucket>) -> ObjectBlobs {
    open_with(bucket, settings())
}

pub(crate) fn open_with(bucket: &Arc<Bucket>, settings: ObjectSettings) -> ObjectBlobs {
    let (objects, parts) = views(bucket);
    ObjectBlobs::new(objects, parts, settings, Arc::new(SystemRandom)).unwrap()
}

/// A bucket as the contract wants it, and two stores over it that share nothing else.
pub(crate) struct Harness(Arc<Bucket>);

impl Harness {
    pub(crate) fn new(bucket: Bucket) -> Self {
        Self(Arc::new(bucket))
    }
}

impl BlobStoreHarness for Harness {
    fn store(&self) -> Arc<dyn BlobStore> {
        Arc::new(open(&self.0))
    }

    fn second(&self) -> Arc<dyn BlobStore> {
        Arc::new(open(&self.0))
    }

    fn lists_unfinished(&self) -> bool {
        false
    }

    fn keeps_short_writes(&self) -> bool {
        false
    }
}

/// Bytes of which no two parts look alike.
pub(crate) fn bytes(length: u64) -> Bytes {
    let words = (0..length.div_ceil(8)).flat_map(|word| (word * 31 + 7).to_be_bytes());
    words.take(length as usize).collect()
}

pub(crate) async fn written(blobs: &ObjectBlobs, bytes: &Bytes) -> Box<dyn BlobWrite> {
    let mut write = blobs.begin().await.unwrap();
    for piece in bytes.chunks(200) {
        write.append(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    write
}

pub(crate) async fn push(blobs: &ObjectBlobs, bytes: &Bytes) -> Result<ObjectKey, StoreError> {
    let write = written(blobs, bytes).await;
    write.commit(&Digest::sha256(bytes)).await
}

pub(crate) async fn pull(blobs: &ObjectBlobs, key: &ObjectKey) -> Result<Vec<u8>, StoreError> {
    let read = blobs.read(key, None).await?;
    let pieces: Vec<_> = read.bytes.try_collect().await?;
    Ok(pieces.concat())
}
