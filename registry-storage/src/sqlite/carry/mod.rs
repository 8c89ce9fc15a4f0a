//! Rows as they are, for a registry that moves.

mod put;
mod read;

use async_trait::async_trait;
use registry_core::backend::{Carry, MetadataError, Row, RowKey, RowKind};

use super::SqliteMetadata;

#[async_trait]
impl Carry for SqliteMetadata {
    async fn rows(
        &self,
        kind: RowKind,
        after: &RowKey,
        limit: usize,
    ) -> Result<Vec<Row>, MetadataError> {
        self.read(|view| view.carried(kind, after, limit))
    }

    async fn put_rows(&self, rows: &[Row]) -> Result<(), MetadataError> {
        let rows = rows.to_vec();
        self.write(move |transaction| rows.iter().try_for_each(|row| transaction.put_row(row)))
            .await
    }

    async fn drop_rows(&self, kind: RowKind, keys: &[RowKey]) -> Result<(), MetadataError> {
        let keys = keys.to_vec();
        self.write(move |transaction| {
            keys.iter()
                .try_for_each(|key| transaction.drop_row(kind, key))
        })
        .await
    }
}
