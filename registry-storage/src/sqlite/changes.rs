//! Changes to be told.

use async_trait::async_trait;
use registry_core::{
    Change, Event,
    backend::{Changes, MetadataError},
};

use super::{
    SqliteMetadata,
    error::Failure,
    owned::Origin,
    transaction::Transaction,
    value::{Bits, Millis, limit},
    view::View,
};

impl Transaction<'_> {
    /// Notes a change, if somebody wants to be told.
    pub(super) fn record(
        &mut self,
        origin: &Origin,
        event: impl FnOnce() -> Event,
    ) -> Result<(), Failure> {
        if !origin.record {
            return Ok(());
        }
        let event = serde_json::to_string(&event())?;
        let params = (self.next_change(), Millis(self.now), &origin.actor, event);
        let sql = "INSERT INTO changes (id, at, actor, event) VALUES (?1, ?2, ?3, ?4)";
        self.run(sql, params)?;
        Ok(())
    }

    fn acknowledge(&self, ids: &[u64]) -> Result<(), Failure> {
        for id in ids {
            self.run("DELETE FROM changes WHERE id = ?1", [Bits(*id)])?;
        }
        Ok(())
    }
}

impl View<'_> {
    fn pending(&self, most: usize) -> Result<Vec<Change>, Failure> {
        let rows = self.all(PENDING, [limit(most)], |row| {
            let id = row.get::<_, Bits>(0)?.0;
            let at = row.get::<_, Millis>(1)?.0;
            Ok((id, at, row.get(2)?, row.get::<_, String>(3)?))
        })?;
        let changes = rows.into_iter().map(|(id, at, actor, event)| {
            let event = serde_json::from_str(&event)?;
            Ok(Change {
                id,
                at,
                actor,
                event,
            })
        });
        changes.collect()
    }
}

pub(super) const PENDING: &str = "SELECT id, at, actor, event FROM changes ORDER BY id LIMIT ?1";

#[async_trait]
impl Changes for SqliteMetadata {
    async fn pending(&self, limit: usize) -> Result<Vec<Change>, MetadataError> {
        self.read(|view| view.pending(limit))
    }

    async fn acknowledge(&self, ids: &[u64]) -> Result<(), MetadataError> {
        let ids = ids.to_vec();
        self.write(move |transaction| transaction.acknowledge(&ids))
            .await
    }
}
