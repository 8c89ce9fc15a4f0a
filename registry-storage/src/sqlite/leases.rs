//! Work that one at a time does. No other process has the database, so nothing of it is kept there: what a
//! process had ends with it.

use std::{
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use registry_core::backend::{Lease, Leases, MetadataError};

use super::SqliteMetadata;
use crate::leases::LeaseTable;

impl SqliteMetadata {
    fn leases(&self) -> MutexGuard<'_, LeaseTable> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Leases for SqliteMetadata {
    async fn take_lease(&self, lease: Lease<'_>, time: Duration) -> Result<bool, MetadataError> {
        Ok(self.leases().take(lease, self.time.now(), time))
    }

    async fn end_lease(&self, lease: Lease<'_>, pause: Duration) -> Result<(), MetadataError> {
        self.leases().end(lease, self.time.now(), pause);
        Ok(())
    }
}
