//! Whose database it is.

use async_trait::async_trait;
use registry_core::{
    Secret,
    backend::{Identity, Metadata, MetadataError},
};
use tokio_postgres::Row;

use super::{PostgresMetadata, error::Failure};

const KEPT: &str = "SELECT identity, secret FROM registry WHERE identity IS NOT NULL";

const KEEP: &str = "UPDATE registry SET identity = $1, secret = $2 WHERE identity IS NULL";

fn kept(row: &Row) -> Result<Identity, Failure> {
    Ok(Identity {
        registry: exactly(row, 0)?,
        secret: Secret::new(exactly(row, 1)?),
    })
}

fn exactly<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], Failure> {
    let bytes: &[u8] = row.try_get(column)?;
    let length = |_| Failure::Unreadable(format!("an identity of {} bytes", bytes.len()));
    bytes.try_into().map_err(length)
}

#[async_trait]
impl Metadata for PostgresMetadata {
    async fn identity(&self, proposed: Identity) -> Result<Identity, MetadataError> {
        let (registry, secret) = (&proposed.registry[..], &proposed.secret.expose()[..]);
        loop {
            if let Some(row) = self.one(KEPT, &[]).await? {
                return Ok(kept(&row)?);
            }
            // Where another has kept one first, that one is everybody's.
            self.write(KEEP, &[registry.into(), secret.into()]).await?;
        }
    }
}
