//! The contract, stamped for the store in a directory, opened twice as two processes would have it:
//! durable, and relaxed with polls in between.

use std::{path::Path, sync::Arc};

use registry_core::backend::BlobStore;
use registry_storage::{Durability, SystemRandom, blob_store_contract, disk::DiskBlobs};

use super::Harness;
use crate::waiting;

fn open(directory: &Path, durability: Durability) -> Arc<dyn BlobStore> {
    Arc::new(DiskBlobs::open(directory, durability, Arc::new(SystemRandom)).unwrap())
}

blob_store_contract!(disk_blobs, || async {
    Harness::new(|directory| open(directory, Durability::Strict))
});

blob_store_contract!(waiting_disk_blobs, || async {
    Harness::new(|directory| waiting::blobs(open(directory, Durability::Relaxed)))
});
