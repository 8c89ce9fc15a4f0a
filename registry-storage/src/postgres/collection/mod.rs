//! Collection: what is dead, and what is done about it.
//!
//! The steps follow ARCHITECTURE.md, "In PostgreSQL". None of them waits for a row that a push has locked,
//! except for the one row of the walk, which nobody but collectors locks. What is asked of each row is a
//! scalar subquery (`(SELECT … LIMIT 1) IS NULL`): the planner may turn `NOT EXISTS` into a scan of all
//! references, and this only into a look at an index.

mod condemn;
mod passes;
mod remove;

use std::time::Duration;

use async_trait::async_trait;
use registry_core::backend::{
    Collection, Condemned, Doomed, MetadataError, ObjectKey, Origin, Removed, UnknownObject,
};
use tokio_postgres::Row;

use super::{
    PostgresMetadata,
    error::Failure,
    objects::{DOOMED, FORGET_UNKNOWN, key, texts},
    value::limit,
};

/// Rows that one step looks at at most, so that its transaction is short.
const STEP: usize = 1000;

/// No manifest of its repository refers to the link `l`.
macro_rules! dead_link {
    () => {
        "(SELECT 1 FROM manifest_references f
            WHERE f.repository = l.repository AND f.target = 0 AND f.digest = l.digest
            LIMIT 1) IS NULL"
    };
}

/// The manifest `m` has no tag, none that refers to it, and no subject; its namespace `n` collects such.
macro_rules! dead_manifest {
    () => {
        "n.collect_untagged
        AND (SELECT 1 FROM tags t WHERE t.manifest = m.id LIMIT 1) IS NULL
        AND (SELECT 1 FROM manifest_references f
            WHERE f.repository = m.repository AND f.target = 1 AND f.digest = m.digest
            LIMIT 1) IS NULL
        AND (SELECT 1 FROM manifests s
            WHERE s.repository = m.repository AND s.digest = m.subject LIMIT 1) IS NULL"
    };
}

/// No repository links the content `c`.
macro_rules! dead_content {
    () => {
        "(SELECT 1 FROM links l WHERE l.digest = c.digest LIMIT 1) IS NULL"
    };
}

use {dead_content, dead_link, dead_manifest};

/// Rows that the collector looks at, by their keys; a content has no repository.
#[derive(Default)]
struct Keys {
    repositories: Vec<i64>,
    digests: Vec<String>,
}

impl Keys {
    fn read(rows: &[Row]) -> Result<Self, Failure> {
        let mut keys = Self::default();
        for row in rows {
            keys.repositories.push(row.try_get(0)?);
            keys.digests.push(row.try_get(1)?);
        }
        Ok(keys)
    }

    fn len(&self) -> usize {
        self.digests.len()
    }

    fn truncate(&mut self, most: usize) {
        self.repositories.truncate(most);
        self.digests.truncate(most);
    }

    fn digests(&self) -> Vec<&str> {
        self.digests.iter().map(String::as_str).collect()
    }
}

#[async_trait]
impl Collection for PostgresMetadata {
    async fn condemn(&self, limit: usize) -> Result<Condemned, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.condemn(limit)))
            .await
    }

    async fn seal(&self) -> Result<(), MetadataError> {
        self.seal_pass().await
    }

    async fn remove(
        &self,
        grace: Duration,
        limit: usize,
        origin: Origin<'_>,
    ) -> Result<Removed, MetadataError> {
        self.settle().await?;
        match self.ripe(grace).await? {
            None => Ok(Removed::default()),
            Some(ripe) => {
                self.transact(|transaction| {
                    Box::pin(transaction.remove(ripe, limit.min(STEP), origin))
                })
                .await
            }
        }
    }

    async fn doomed(&self, most: usize) -> Result<Vec<Doomed>, MetadataError> {
        let rows = self.rows(DOOMED, &[limit(most).into()]).await?;
        let doomed = rows.iter().map(|row| Ok(Doomed { key: key(row, 0)? }));
        Ok(doomed.collect::<Result<_, Failure>>()?)
    }

    async fn forget_doomed(&self, keys: &[ObjectKey]) -> Result<(), MetadataError> {
        self.forget_deleted(keys).await
    }

    async fn unknown(&self, keys: &[ObjectKey]) -> Result<Vec<UnknownObject>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.look_up(keys)))
            .await
    }

    async fn doom(&self, keys: &[ObjectKey], grace: Duration) -> Result<u64, MetadataError> {
        if grace.is_zero() {
            return self
                .transact(|transaction| Box::pin(transaction.doom(keys)))
                .await;
        }
        self.transact(|transaction| Box::pin(transaction.doom_ripe(keys, grace)))
            .await
    }

    async fn forget_unknown(&self, but: &[ObjectKey]) -> Result<(), MetadataError> {
        self.write(FORGET_UNKNOWN, &[texts(but).into()])
            .await
            .map(drop)
    }

    async fn hold_orphans(&self, held: bool) -> Result<(), MetadataError> {
        let sql = "UPDATE registry SET orphans_held = $1";
        self.write(sql, &[held.into()]).await.map(drop)
    }

    async fn orphans_held(&self) -> Result<bool, MetadataError> {
        let held = "SELECT 1 FROM registry WHERE orphans_held";
        Ok(self.one(held, &[]).await?.is_some())
    }
}
