//! Work that one at a time does.

use std::time::Duration;

use async_trait::async_trait;
use registry_core::backend::{Lease, Leases, MetadataError};

use super::MemoryMetadata;

#[async_trait]
impl Leases for MemoryMetadata {
    async fn take_lease(&self, lease: Lease<'_>, time: Duration) -> Result<bool, MetadataError> {
        self.run(|state| state.leases.take(lease, state.now, time))
    }

    async fn end_lease(&self, lease: Lease<'_>, pause: Duration) -> Result<(), MetadataError> {
        self.run(|state| state.leases.end(lease, state.now, pause))
    }
}
