//! Pairs of which one half is a service and the other one is not.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use registry_core::backend::{BlobStore, Metadata};
use registry_storage::{
    Durability, SystemRandom,
    contract::metadata::{LocalMetadata, MetadataHarness},
    disk::DiskBlobs,
    engine_contract,
    sqlite::SqliteMetadata,
};
use tempfile::TempDir;

use crate::{
    postgres::Harness,
    s3::{Bucket, Program},
};

#[path = "../suite/disk/harness.rs"]
mod disk;

/// What is asked of it does not depend on when the disk has it.
const DURABILITY: Durability = Durability::Relaxed;

fn open(directory: &Path) -> Arc<dyn BlobStore> {
    Arc::new(DiskBlobs::open(directory, DURABILITY, Arc::new(SystemRandom)).unwrap())
}

/// A database in a file.
struct Local {
    metadata: LocalMetadata,
    _directory: TempDir,
}

impl Local {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metadata.sqlite");
        let metadata = LocalMetadata::new(|clock| {
            Arc::new(SqliteMetadata::open(path, Arc::new(clock), DURABILITY).unwrap())
        });
        Self {
            metadata,
            _directory: directory,
        }
    }
}

#[async_trait]
impl MetadataHarness for Local {
    fn metadata(&self) -> Arc<dyn Metadata> {
        self.metadata.metadata()
    }

    fn second(&self) -> Arc<dyn Metadata> {
        self.metadata.second()
    }

    async fn advance(&self, by: Duration) {
        self.metadata.advance(by).await;
    }

    async fn set_back(&self, by: Duration) {
        self.metadata.set_back(by).await;
    }
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
    || async { (Bucket::start(Program::Minio).await, Local::new()) },
    16
);
