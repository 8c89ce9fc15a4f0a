//! Pairs of which one half is a service and the other one is not.

use std::{path::Path, sync::Arc};

use registry_core::backend::BlobStore;
use registry_storage::{Durability, SystemRandom, disk::DiskBlobs, engine_contract};

use crate::{
    postgres::Harness,
    s3::{Bucket, Program},
};

#[path = "../suite/disk/harness.rs"]
mod disk;
#[path = "../suite/sqlite/harness.rs"]
mod sqlite;

/// What is asked of it does not depend on when the disk has it.
const DURABILITY: Durability = Durability::Relaxed;

fn open(directory: &Path) -> Arc<dyn BlobStore> {
    Arc::new(DiskBlobs::open(directory, DURABILITY, Arc::new(SystemRandom)).unwrap())
}

// Each run has a database of its own.
engine_contract!(
    engines_on_postgres_and_a_disk,
    || async { (disk::Harness::new(open), Harness::new().await) },
    16
);

// Each run has a server of its own, and blobs of which some are larger than the least part of S3.
engine_contract!(
    engines_on_sqlite_and_s3,
    || async {
        (
            Bucket::start(Program::Minio).await,
            sqlite::Harness::new(DURABILITY, |metadata| metadata),
        )
    },
    16
);

// The same with Google's client.
#[cfg(feature = "gcs")]
engine_contract!(
    engines_on_sqlite_and_googles_client,
    || async {
        (
            crate::gcs::OpenBucket::start().await,
            sqlite::Harness::new(DURABILITY, |metadata| metadata),
        )
    },
    16
);
