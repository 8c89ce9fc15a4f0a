//! What is in nobody's memory and longer than what is brought at once.

use std::{fs::File, path::Path, sync::Arc};

use bytes::Bytes;
use futures_util::TryStreamExt;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey},
};

use super::DiskBlobs;
use crate::{Durability, SystemRandom, contract::run, disk::cached};

/// Three steps of what is brought at once, and some bytes.
const LENGTH: usize = (24 << 20) + 4711;

/// A store with one object that was written, and is not in memory.
async fn cold(directory: &Path) -> (DiskBlobs, ObjectKey, Vec<u8>) {
    let blobs = DiskBlobs::open(directory, Durability::Relaxed, Arc::new(SystemRandom)).unwrap();
    let bytes: Vec<u8> = (0..LENGTH).map(|at| (at / 251 + at) as u8).collect();
    let mut write = blobs.begin().await.unwrap();
    write.append(Bytes::from(bytes.clone())).await.unwrap();
    let key = write.commit(&Digest::sha256(&bytes)).await.unwrap();
    let path = blobs.root.file(&key);
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    cached::forget(&file, 0, LENGTH);
    (blobs, key, bytes)
}

#[test]
fn what_is_brought_in_steps_is_read_whole() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let (blobs, key, bytes) = cold(directory.path()).await;
        let read = blobs.read(&key, None).await.unwrap();
        let read: Vec<Bytes> = read.bytes.try_collect().await.unwrap();
        assert!(read.concat() == bytes);
    });
}

#[test]
fn a_range_of_what_is_brought_in_steps_is_that_range() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let (blobs, key, bytes) = cold(directory.path()).await;
        let range = 1_000_003..20_000_011;
        let read = blobs.read(&key, Some(range.clone())).await.unwrap();
        let read: Vec<Bytes> = read.bytes.try_collect().await.unwrap();
        assert!(read.concat() == bytes[range.start as usize..range.end as usize]);
    });
}
