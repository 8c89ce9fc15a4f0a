//! Passes: closed, fenced, settled, and ripe.

use std::time::Duration;

use registry_core::backend::MetadataError;

use crate::postgres::{
    PostgresMetadata,
    error::Failure,
    value::{bits, millis},
};

/// It waits for every `condemn` of the pass, which holds the row.
const CLOSE: &str = "WITH closed AS (
        UPDATE collector
        SET pass = pass + 1, walk_kind = 0, walk_repository = 0, walk_digest = ''
        RETURNING pass - 1 AS pass)
    INSERT INTO passes (pass) SELECT pass FROM closed";

/// The id of a transaction that began when all that condemned had ended. An id that is yet to come is
/// another server's, from which the database was put back: nothing of that is open here.
const FENCE: &str = "UPDATE passes SET fence = pg_current_xact_id()
    WHERE fence IS NULL OR (settled IS NULL AND fence > pg_current_xact_id())";

/// What has settled and marks no row is over.
const FORGET: &str = "DELETE FROM passes WHERE settled IS NOT NULL AND pass < least(
        (SELECT pass FROM links WHERE pass IS NOT NULL ORDER BY pass LIMIT 1),
        (SELECT pass FROM manifests WHERE pass IS NOT NULL ORDER BY pass LIMIT 1),
        (SELECT pass FROM contents WHERE pass IS NOT NULL ORDER BY pass LIMIT 1),
        (SELECT pass FROM collector))";

const SETTLE: &str = "UPDATE passes SET settled = registry_now()
    WHERE settled IS NULL AND fence <= pg_snapshot_xmin(pg_current_snapshot())";

/// The latest pass up to which the grace of all is over, and how many have not settled. They settle in their
/// order.
const RIPE: &str = "SELECT max(pass), (SELECT count(*) FROM passes WHERE settled IS NULL)
    FROM passes WHERE pass < coalesce(
        (SELECT min(pass) FROM passes
            WHERE settled IS NULL OR settled > (SELECT registry_now()) - $1),
        9223372036854775807)";

impl PostgresMetadata {
    /// Ends the pass. Whatever of it was dropped half way the next call does.
    pub(super) async fn seal_pass(&self) -> Result<(), MetadataError> {
        self.write(CLOSE, &[]).await?;
        self.write(FENCE, &[]).await?;
        self.write(FORGET, &[]).await?;
        Ok(())
    }

    /// Notes of which passes nothing is open any more that may not have seen their marks.
    pub(super) async fn settle(&self) -> Result<(), MetadataError> {
        self.write(SETTLE, &[]).await.map(drop)
    }

    /// Up to which pass rows may go.
    pub(super) async fn ripe(&self, grace: Duration) -> Result<Option<i64>, MetadataError> {
        let Some(row) = self.one(RIPE, &[millis(grace).into()]).await? else {
            return Ok(None);
        };
        self.noted.unsettled(bits(&row, 1)?);
        Ok(row.try_get(0).map_err(Failure::from)?)
    }
}
