//! The backend as the contract wants it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use registry_core::backend::Metadata;
use registry_storage::{
    Durability,
    contract::metadata::{LocalMetadata, MetadataHarness},
    sqlite::SqliteMetadata,
};
use tempfile::TempDir;

/// A database in a file, gone with the test.
pub(crate) struct Harness {
    // Closed before its directory goes.
    metadata: LocalMetadata,
    _directory: TempDir,
}

impl Harness {
    pub(crate) fn new(
        durability: Durability,
        wrap: impl FnOnce(Arc<dyn Metadata>) -> Arc<dyn Metadata>,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metadata.db");
        let metadata = LocalMetadata::new(|clock| {
            let opened = SqliteMetadata::open(path, Arc::new(clock), durability);
            wrap(Arc::new(opened.unwrap()))
        });
        Self {
            metadata,
            _directory: directory,
        }
    }
}

#[async_trait]
impl MetadataHarness for Harness {
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
