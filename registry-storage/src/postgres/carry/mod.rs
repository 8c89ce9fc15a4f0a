//! Rows as they are, for a registry that moves.

mod put;
mod read;

use async_trait::async_trait;
use registry_core::backend::{Carry, MetadataError, Row, RowKey, RowKind};

use super::PostgresMetadata;

#[async_trait]
impl Carry for PostgresMetadata {
    async fn rows(
        &self,
        kind: RowKind,
        after: &RowKey,
        limit: usize,
    ) -> Result<Vec<Row>, MetadataError> {
        self.carried(kind, after, limit).await
    }

    async fn put_rows(&self, rows: &[Row]) -> Result<(), MetadataError> {
        self.transact(|transaction| Box::pin(transaction.put_all(rows)))
            .await
    }

    async fn drop_rows(&self, kind: RowKind, keys: &[RowKey]) -> Result<(), MetadataError> {
        self.transact(|transaction| Box::pin(transaction.drop_all(kind, keys)))
            .await
    }
}
