//! The pair that a registry on one machine has: metadata in SQLite, content in a directory.

use std::{path::Path, sync::Arc};

use registry_core::backend::BlobStore;
use registry_storage::{Durability, SystemRandom, disk::DiskBlobs, engine_contract};

use crate::{disk, sqlite, waiting};

/// What is asked of it does not depend on when the disk has it, and a thousand runs sync a lot.
fn open(directory: &Path) -> Arc<dyn BlobStore> {
    Arc::new(DiskBlobs::open(directory, Durability::Relaxed, Arc::new(SystemRandom)).unwrap())
}

engine_contract!(engines_on_a_disk, || async {
    let blobs = disk::Harness::new(open);
    (
        blobs,
        sqlite::Harness::new(Durability::Relaxed, |metadata| metadata),
    )
});

engine_contract!(waiting_engines_on_a_disk, || async {
    let blobs = disk::Harness::new(|directory| waiting::blobs(open(directory)));
    (
        blobs,
        sqlite::Harness::new(Durability::Relaxed, waiting::metadata),
    )
});
