//! Changes to be told.

use async_trait::async_trait;
use registry_core::{
    Change, Event,
    backend::{Changes, MetadataError, Origin},
};
use tokio_postgres::Row;

use super::{
    PostgresMetadata,
    error::Failure,
    transaction::Transaction,
    value::{bits, limit, moment},
};

impl Transaction<'_> {
    /// Notes a change, if somebody wants to be told. Its id comes after those of all changes that this
    /// transaction has waited for, so whoever changes a thing has locked its row before.
    pub(super) async fn record(
        &self,
        origin: Origin<'_>,
        event: impl FnOnce() -> Event + Send,
    ) -> Result<(), Failure> {
        if !origin.record {
            return Ok(());
        }
        let event = serde_json::to_string(&event())?;
        let sql = "INSERT INTO changes (at, actor, event) VALUES (registry_now(), $1, $2)";
        self.run(sql, &[origin.actor.into(), event.as_str().into()])
            .await?;
        Ok(())
    }

    /// Notes changes of different things.
    pub(super) async fn record_all(
        &self,
        origin: Origin<'_>,
        events: &[Event],
    ) -> Result<(), Failure> {
        if !origin.record {
            return Ok(());
        }
        let events: Result<Vec<_>, _> = events.iter().map(serde_json::to_string).collect();
        let events = events?;
        let texts: Vec<_> = events.iter().map(String::as_str).collect();
        let sql = "INSERT INTO changes (at, actor, event)
            SELECT registry_now(), $1, event FROM unnest($2) AS told (event)";
        self.run(sql, &[origin.actor.into(), texts.into()]).await?;
        Ok(())
    }
}

fn change(row: &Row) -> Result<Change, Failure> {
    Ok(Change {
        id: bits(row, 0)?,
        at: moment(row, 1)?,
        actor: row.try_get(2)?,
        event: serde_json::from_str(row.try_get(3)?)?,
    })
}

const PENDING: &str = "SELECT id, at, actor, event FROM changes ORDER BY id LIMIT $1";

#[async_trait]
impl Changes for PostgresMetadata {
    async fn pending(&self, most: usize) -> Result<Vec<Change>, MetadataError> {
        let rows = self.rows(PENDING, &[limit(most).into()]).await?;
        let changes: Result<_, Failure> = rows.iter().map(change).collect();
        Ok(changes?)
    }

    async fn acknowledge(&self, ids: &[u64]) -> Result<(), MetadataError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.cast_signed()).collect();
        let sql = "DELETE FROM changes WHERE id = ANY ($1)";
        self.write(sql, &[ids.into()]).await.map(drop)
    }
}
