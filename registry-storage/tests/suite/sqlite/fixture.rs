//! A database of a test's own.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use registry_core::{Clock, backend::Metadata};
use registry_storage::{
    Durability, ManualClock,
    contract::metadata::{LocalMetadata, MetadataHarness},
    sqlite::SqliteMetadata,
};
use tempfile::TempDir;

/// A directory for one database, gone with the test.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join("metadata.db")
    }

    pub(crate) fn open(&self, clock: impl Clock + 'static) -> SqliteMetadata {
        let clock = Arc::new(clock);
        SqliteMetadata::open(self.database(), clock, Durability::Strict).unwrap()
    }
}

/// The backend as the contract wants it.
pub(crate) struct Harness {
    // Closed before its directory goes.
    metadata: LocalMetadata,
    _place: Place,
}

impl Harness {
    pub(crate) fn new(wrap: impl FnOnce(Arc<dyn Metadata>) -> Arc<dyn Metadata>) -> Self {
        let place = Place::new();
        let metadata = LocalMetadata::new(|clock: ManualClock| wrap(Arc::new(place.open(clock))));
        Self {
            metadata,
            _place: place,
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
