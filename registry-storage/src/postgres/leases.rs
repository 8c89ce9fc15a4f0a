//! Work that one replica at a time should do: a row for each, whose time is the database's alone, so that
//! the clocks of replicas do not matter.

use std::time::Duration;

use async_trait::async_trait;
use registry_core::backend::{Lease, Leases, MetadataError};

use super::{PostgresMetadata, value::millis};

const TAKE: &str = "INSERT INTO leases (work, holder, until) VALUES ($1, $2, registry_now() + $3)
    ON CONFLICT (work) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE leases.holder = excluded.holder OR leases.until <= registry_now()";

const END: &str = "UPDATE leases SET holder = '', until = registry_now() + $3
    WHERE work = $1 AND holder = $2";

#[async_trait]
impl Leases for PostgresMetadata {
    async fn take_lease(&self, lease: Lease<'_>, time: Duration) -> Result<bool, MetadataError> {
        let params = [lease.work.into(), lease.holder.into(), millis(time).into()];
        Ok(self.write(TAKE, &params).await? > 0)
    }

    async fn end_lease(&self, lease: Lease<'_>, pause: Duration) -> Result<(), MetadataError> {
        let params = [lease.work.into(), lease.holder.into(), millis(pause).into()];
        self.write(END, &params).await.map(drop)
    }
}
