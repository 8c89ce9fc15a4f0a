//! Which objects of the store something names, and which nothing may name again.
//!
//! `objects` has one row for every key that was ever named by a content or given up: of the two, whoever
//! inserts it first wins. An unfinished write is named by the session whose checkpoint has it.

use std::time::Duration;

use registry_core::{
    Timestamp,
    backend::{NAMED_WITHIN, ObjectKey, UnknownObject},
};
use tokio_postgres::Row;

use super::{
    error::Failure,
    transaction::{End, Transaction},
    value::millis,
};

pub(super) const DOOMED: &str =
    "SELECT key FROM objects WHERE state = 'doomed' ORDER BY key LIMIT $1";

/// The age is asked for in the statement that takes the key, so that what was waited for before counts.
const NAME: &str = "INSERT INTO objects (key, state)
    SELECT $1, 'live' WHERE registry_now() - $2 <= $3 ON CONFLICT DO NOTHING";

pub(super) const FORGET_UNKNOWN: &str = "DELETE FROM unknown_objects u
    WHERE NOT EXISTS (SELECT 1 FROM unnest($1) AS met (key) WHERE met.key = u.key)";

/// What stands aside is live until it is released.
const GIVEN_UP: &str = "SELECT 1 FROM objects WHERE key = $1
    AND (state <> 'live' OR EXISTS (SELECT 1 FROM quarantine q WHERE q.object = $1))";

/// A key that was found unknown here for the first time is not in the statement's snapshot: it has no age.
const LOOK_UP: &str = "WITH asked AS MATERIALIZED (
        SELECT DISTINCT given.key,
            (SELECT 1 FROM objects o WHERE o.key = given.key AND o.state <> 'gone') IS NOT NULL
                OR (SELECT 1 FROM uploads u WHERE u.object = given.key LIMIT 1) IS NOT NULL AS named
        FROM unnest($1) AS given (key) ORDER BY given.key),
    forgotten AS (DELETE FROM unknown_objects u USING asked WHERE u.key = asked.key AND asked.named),
    added AS (INSERT INTO unknown_objects (key, since)
        SELECT key, registry_now() FROM asked WHERE NOT named ORDER BY key ON CONFLICT DO NOTHING)
    SELECT asked.key, coalesce(registry_now() - u.since, 0)
        FROM asked LEFT JOIN unknown_objects u ON u.key = asked.key WHERE NOT asked.named";

/// Of these keys those that have been unknown for so long, which are remembered no longer; none where
/// orphans are held.
const RIPE: &str = "DELETE FROM unknown_objects WHERE key = ANY ($1)
    AND since <= (SELECT registry_now()) - $2 AND NOT (SELECT orphans_held FROM registry)
    RETURNING key";

/// A key that is gone may be doomed again: its object was written by somebody who came late.
const DOOM: &str = "INSERT INTO objects (key, state)
    SELECT DISTINCT given.key, 'doomed' FROM unnest($1) AS given (key)
        WHERE (SELECT 1 FROM uploads u WHERE u.object = given.key LIMIT 1) IS NULL
        ORDER BY given.key
    ON CONFLICT (key) DO UPDATE SET state = 'doomed' WHERE objects.state = 'gone'";

impl Transaction<'_> {
    /// Says for ever that a key is in use. False where it was used or given up before, or may have been: its
    /// writer began too long ago.
    pub(super) async fn name_object(
        &self,
        key: &ObjectKey,
        since: Timestamp,
    ) -> Result<bool, Failure> {
        let since = since.as_millis().cast_signed();
        let params = [
            key.as_str().into(),
            since.into(),
            millis(NAMED_WITHIN).into(),
        ];
        Ok(self.run(NAME, &params).await? > 0)
    }

    /// Whether no command may name it.
    pub(super) async fn is_given_up(&self, key: &ObjectKey) -> Result<bool, Failure> {
        self.any(GIVEN_UP, &[key.as_str().into()]).await
    }

    /// Forgets since when these were unknown.
    pub(super) async fn make_known(&self, keys: &[&str]) -> Result<(), Failure> {
        let sql = "DELETE FROM unknown_objects WHERE key = ANY ($1)";
        self.run(sql, &[keys.to_vec().into()]).await?;
        Ok(())
    }

    /// Gives up for ever what contents have named until now.
    pub(super) async fn give_up(&self, keys: &[&str]) -> Result<(), Failure> {
        if keys.is_empty() {
            return Ok(());
        }
        self.make_known(keys).await?;
        let sql = "UPDATE objects SET state = 'doomed' WHERE key = ANY ($1) AND state = 'live'";
        self.run(sql, &[keys.to_vec().into()]).await?;
        Ok(())
    }

    /// Which of these keys nothing names.
    pub(super) async fn look_up(
        &self,
        keys: &[ObjectKey],
    ) -> Result<End<Vec<UnknownObject>>, Failure> {
        let rows = self.rows(LOOK_UP, &[texts(keys).into()]).await?;
        let unknown: Result<_, Failure> = rows.iter().map(unknown).collect();
        Ok(End::Commit(unknown?))
    }

    /// Gives up those of these keys that nothing names, and answers how many.
    pub(super) async fn doom(&self, keys: &[ObjectKey]) -> Result<End<u64>, Failure> {
        let keys = texts(keys);
        self.make_known(&keys).await?;
        Ok(End::Commit(self.run(DOOM, &[keys.into()]).await?))
    }

    /// Gives up those of them that nothing has named for the grace.
    pub(super) async fn doom_ripe(
        &self,
        keys: &[ObjectKey],
        grace: Duration,
    ) -> Result<End<u64>, Failure> {
        let params = [texts(keys).into(), millis(grace).into()];
        let rows = self.rows(RIPE, &params).await?;
        let ripe: Result<Vec<&str>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        // A statement of its own, which sees every checkpoint that has named one of them meanwhile.
        Ok(End::Commit(self.run(DOOM, &[ripe?.into()]).await?))
    }
}

fn unknown(row: &Row) -> Result<UnknownObject, Failure> {
    let age: i64 = row.try_get(1)?;
    Ok(UnknownObject {
        key: key(row, 0)?,
        age: Duration::from_millis(u64::try_from(age).unwrap_or(0)),
    })
}

pub(super) fn key(row: &Row, column: usize) -> Result<ObjectKey, Failure> {
    Ok(ObjectKey::new(row.try_get::<_, &str>(column)?))
}

/// Keys as a parameter.
pub(super) fn texts(keys: &[ObjectKey]) -> Vec<&str> {
    keys.iter().map(ObjectKey::as_str).collect()
}
