//! What is walked along to see whether all is well.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Digest, RepositoryName,
    backend::{
        BlobContent, Inspection, KeptContent, KeptManifest, MetadataError, ObjectKey, Quarantined,
        Totals,
    },
};
use tokio_postgres::Row;

use super::{
    PostgresMetadata,
    error::Failure,
    objects::key,
    transaction::{End, Transaction},
    value::{bits, limit, millis, parsed, text},
};

pub(super) const CONTENTS: &str = "SELECT digest, size, quarantined, object, inline
    FROM contents WHERE digest > $1 ORDER BY digest LIMIT $2";

/// Each repository gives no more than a page, so that a large one is not sorted.
const MANIFESTS: &str = "SELECT r.name, m.digest, m.bytes, ARRAY (
        SELECT f.digest FROM manifest_references f
        WHERE f.manifest = m.id AND f.required AND CASE f.target
            WHEN 0 THEN (SELECT 1 FROM links l
                JOIN contents c ON c.digest = l.digest AND NOT c.quarantined
                WHERE l.repository = f.repository AND l.digest = f.digest LIMIT 1) IS NULL
            ELSE (SELECT 1 FROM manifests o
                WHERE o.repository = f.repository AND o.digest = f.digest LIMIT 1) IS NULL END
        ORDER BY f.digest)
    FROM repositories r, LATERAL (SELECT id, digest, bytes FROM manifests
        WHERE repository = r.id AND digest > CASE r.name WHEN $1 THEN $2 ELSE '' END
        ORDER BY digest LIMIT $3) m
    WHERE r.name >= $1 ORDER BY r.name, m.digest LIMIT $3";

const QUARANTINED: &str = "SELECT q.object, q.digest, q.size, registry_now() - q.since,
        (SELECT 1 FROM contents c WHERE c.object = q.object LIMIT 1) IS NULL
    FROM quarantine q WHERE q.object > $1 ORDER BY q.object LIMIT $2";

const RECENT: &str = "SELECT count(*) FROM quarantine WHERE since > (SELECT registry_now()) - $1";

/// What no content names never will be named again, so this is true when it is acted upon.
const RELEASED: &str = "DELETE FROM quarantine WHERE object IN (
        SELECT q.object FROM quarantine q WHERE q.since <= (SELECT registry_now()) - $1
            AND (SELECT 1 FROM contents c WHERE c.object = q.object LIMIT 1) IS NULL
        ORDER BY q.since, q.object LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING object";

const TOTALS: &str = "SELECT
    (SELECT count(*) FROM namespaces),
    (SELECT count(*) FROM repositories),
    (SELECT count(*) FROM tags),
    (SELECT count(*) FROM manifests),
    (SELECT coalesce(sum(length(bytes)), 0)::bigint FROM manifests),
    (SELECT count(*) FROM links),
    (SELECT coalesce(sum(c.size), 0)::bigint FROM links l JOIN contents c ON c.digest = l.digest),
    (SELECT count(*) FROM contents),
    (SELECT coalesce(sum(size), 0)::bigint FROM contents),
    (SELECT count(*) FROM uploads WHERE state = 0),
    (SELECT count(*) FROM links WHERE pass IS NOT NULL)
        + (SELECT count(*) FROM manifests WHERE pass IS NOT NULL)
        + (SELECT count(*) FROM contents WHERE pass IS NOT NULL),
    (SELECT count(*) FROM objects WHERE state = 'doomed'),
    (SELECT count(*) FROM quarantine)";

pub(super) fn content(row: &Row) -> Result<KeptContent, Failure> {
    Ok(KeptContent {
        digest: text(row, 0)?,
        size: bits(row, 1)?,
        quarantined: row.try_get(2)?,
        content: match row.try_get::<_, Option<&str>>(3)? {
            Some(key) => BlobContent::Object(ObjectKey::new(key)),
            None => BlobContent::Inline(Bytes::copy_from_slice(row.try_get(4)?)),
        },
    })
}

fn manifest(row: &Row) -> Result<KeptManifest, Failure> {
    let missing: Vec<&str> = row.try_get(3)?;
    Ok(KeptManifest {
        repository: text(row, 0)?,
        digest: text(row, 1)?,
        bytes: Bytes::copy_from_slice(row.try_get(2)?),
        missing: missing.into_iter().map(parsed).collect::<Result<_, _>>()?,
    })
}

fn quarantined(row: &Row) -> Result<Quarantined, Failure> {
    let age: i64 = row.try_get(3)?;
    Ok(Quarantined {
        object: key(row, 0)?,
        digest: text(row, 1)?,
        size: bits(row, 2)?,
        age: Duration::from_millis(u64::try_from(age).unwrap_or(0)),
        replaced: row.try_get(4)?,
    })
}

fn totals(row: &Row) -> Result<Totals, Failure> {
    let number = |column| bits(row, column);
    Ok(Totals {
        namespaces: number(0)?,
        repositories: number(1)?,
        tags: number(2)?,
        manifests: number(3)?,
        manifest_bytes: number(4)?,
        blobs: number(5)?,
        blob_bytes: number(6)?,
        contents: number(7)?,
        content_bytes: number(8)?,
        uploads: number(9)?,
        condemned: number(10)?,
        doomed: number(11)?,
        quarantined: number(12)?,
    })
}

/// All rows of a page, read.
fn page<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, Failure>,
) -> Result<Vec<T>, MetadataError> {
    let page: Result<_, Failure> = rows.iter().map(read).collect();
    Ok(page?)
}

impl Transaction<'_> {
    async fn release(&self, aside: Duration, most: usize) -> Result<End<u64>, Failure> {
        let params = [millis(aside).into(), limit(most).into()];
        let rows = self.rows(RELEASED, &params).await?;
        let objects: Result<Vec<&str>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        let objects = objects?;
        self.give_up(&objects).await?;
        Ok(End::Commit(objects.len() as u64))
    }
}

#[async_trait]
impl Inspection for PostgresMetadata {
    async fn contents(
        &self,
        after: Option<&Digest>,
        most: usize,
    ) -> Result<Vec<KeptContent>, MetadataError> {
        let after = after.map_or("", Digest::as_str);
        let params = [after.into(), limit(most).into()];
        page(&self.rows(CONTENTS, &params).await?, content)
    }

    async fn manifests(
        &self,
        after: Option<(&RepositoryName, &Digest)>,
        most: usize,
    ) -> Result<Vec<KeptManifest>, MetadataError> {
        let (name, digest) =
            after.map_or(("", ""), |(name, digest)| (name.as_str(), digest.as_str()));
        let params = [name.into(), digest.into(), limit(most).into()];
        page(&self.rows(MANIFESTS, &params).await?, manifest)
    }

    async fn quarantined(
        &self,
        after: Option<&ObjectKey>,
        most: usize,
    ) -> Result<Vec<Quarantined>, MetadataError> {
        let after = after.map_or("", ObjectKey::as_str);
        let params = [after.into(), limit(most).into()];
        page(&self.rows(QUARANTINED, &params).await?, quarantined)
    }

    async fn quarantined_within(&self, time: Duration) -> Result<u64, MetadataError> {
        let row = self.one(RECENT, &[millis(time).into()]).await?;
        Ok(row.map_or(Ok(0), |row| bits(&row, 0))?)
    }

    async fn release(&self, aside: Duration, limit: usize) -> Result<u64, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.release(aside, limit)))
            .await
    }

    async fn scrub_note(&self) -> Result<Option<String>, MetadataError> {
        let row = self.one("SELECT scrub FROM registry", &[]).await?;
        let note = row.map_or(Ok(None), |row| row.try_get(0));
        Ok(note.map_err(Failure::from)?)
    }

    async fn keep_scrub_note(&self, note: &str) -> Result<(), MetadataError> {
        let sql = "UPDATE registry SET scrub = $1";
        self.write(sql, &[note.into()]).await.map(drop)
    }

    async fn totals(&self) -> Result<Totals, MetadataError> {
        let row = self.one(TOTALS, &[]).await?;
        Ok(row.map_or(Ok(Totals::default()), |row| totals(&row))?)
    }
}
