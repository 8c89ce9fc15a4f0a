//! The contract, stamped for the store in a directory, opened twice as two processes would have it:
//! durable, and relaxed with polls in between.

use std::{path::Path, sync::Arc};

use registry_core::backend::BlobStore;
use registry_storage::{
    Durability, SystemRandom, blob_store_contract, contract::blob_store::BlobStoreHarness,
    disk::DiskBlobs,
};
use tempfile::TempDir;

use crate::waiting;

/// A directory and two views of it that share nothing else.
struct Directory {
    stores: [Arc<dyn BlobStore>; 2],
    _directory: TempDir,
}

impl Directory {
    fn new(open: impl Fn(&Path) -> Arc<dyn BlobStore>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            stores: [open(directory.path()), open(directory.path())],
            _directory: directory,
        }
    }
}

impl BlobStoreHarness for Directory {
    fn store(&self) -> Arc<dyn BlobStore> {
        Arc::clone(&self.stores[0])
    }

    fn second(&self) -> Arc<dyn BlobStore> {
        Arc::clone(&self.stores[1])
    }
}

fn open(directory: &Path, durability: Durability) -> Arc<dyn BlobStore> {
    Arc::new(DiskBlobs::open(directory, durability, Arc::new(SystemRandom)).unwrap())
}

blob_store_contract!(disk_blobs, || async {
    Directory::new(|directory| open(directory, Durability::Strict))
});

blob_store_contract!(waiting_disk_blobs, || async {
    Directory::new(|directory| waiting::blobs(open(directory, Durability::Relaxed)))
});
