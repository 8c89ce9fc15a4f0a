//! A store in a directory, opened and used.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey, StoreError},
};
use registry_storage::{Durability, SystemRandom, disk::DiskBlobs};

pub(crate) fn open(directory: &Path) -> DiskBlobs {
    try_open(directory).unwrap()
}

pub(crate) fn try_open(directory: &Path) -> Result<DiskBlobs, StoreError> {
    DiskBlobs::open(directory, Durability::Strict, Arc::new(SystemRandom))
}

/// Stores the bytes. What is not taken is given up, as the engine does.
pub(crate) async fn push(
    blobs: &dyn BlobStore,
    bytes: impl Into<Bytes>,
) -> Result<ObjectKey, StoreError> {
    let bytes = bytes.into();
    let digest = Digest::sha256(&bytes);
    let mut write = blobs.begin().await?;
    if let Err(error) = write.append(bytes).await {
        write.abort().await?;
        return Err(error);
    }
    write.commit(&digest).await
}

/// All the bytes of an object.
pub(crate) async fn pull(blobs: &DiskBlobs, key: &ObjectKey) -> Result<Vec<u8>, StoreError> {
    use futures_util::TryStreamExt;

    let pieces: Vec<Bytes> = blobs.read(key, None).await?.bytes.try_collect().await?;
    Ok(pieces.concat())
}
