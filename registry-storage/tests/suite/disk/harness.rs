//! The store in a directory, for the contract.

use std::{path::Path, sync::Arc};

use registry_core::backend::BlobStore;
use registry_storage::contract::blob_store::BlobStoreHarness;
use tempfile::TempDir;

/// A directory as the contract wants it, and two views of it that share nothing else.
pub(crate) struct Harness {
    stores: [Arc<dyn BlobStore>; 2],
    _directory: TempDir,
}

impl Harness {
    pub(crate) fn new(open: impl Fn(&Path) -> Arc<dyn BlobStore>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            stores: [open(directory.path()), open(directory.path())],
            _directory: directory,
        }
    }
}

impl BlobStoreHarness for Harness {
    fn store(&self) -> Arc<dyn BlobStore> {
        Arc::clone(&self.stores[0])
    }

    fn second(&self) -> Arc<dyn BlobStore> {
        Arc::clone(&self.stores[1])
    }
}
