//! What a test outside cannot see: the order of steps, and what comes of a step that fails.

mod adopting;
mod cold;
mod failing;
mod order;
mod recorded;
mod turns;

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobStore, BlobWrite},
};

use super::{DiskBlobs, ops::FileOps, root::Root};
use crate::SystemRandom;

/// A store whose steps are done by these.
fn store(directory: &Path, ops: impl FileOps + 'static) -> DiskBlobs {
    let root = Root::open(directory.to_owned(), Box::new(ops), Arc::new(SystemRandom));
    DiskBlobs::over(root.unwrap())
}

/// A write with some bytes.
async fn written(blobs: &DiskBlobs, bytes: &'static [u8]) -> Box<dyn BlobWrite> {
    let mut write = blobs.begin().await.unwrap();
    write.append(Bytes::from_static(bytes)).await.unwrap();
    write
}

fn digest() -> Digest {
    Digest::sha256(b"some bytes")
}
