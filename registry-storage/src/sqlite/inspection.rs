//! What is walked along to see whether all is well.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Digest, RepositoryName,
    backend::{
        BlobContent, Inspection, KeptContent, KeptManifest, MetadataError, MetadataErrorKind,
        ObjectKey, Quarantined, Totals,
    },
};
use tokio::task::spawn_blocking;

use super::{
    SqliteMetadata,
    error::Failure,
    transaction::Transaction,
    value::{Bits, Millis, Text, ago, limit},
    view::View,
};

pub(super) const CONTENTS: &str = "SELECT digest, size, quarantined, object, inline
    FROM contents WHERE digest > ?1 ORDER BY digest LIMIT ?2";

pub(super) const MANIFESTS: &str = "SELECT r.name, m.digest, m.bytes, m.id
    FROM repositories r JOIN manifests m ON m.repository = r.id
    WHERE r.name >= ?1 AND (r.name > ?1 OR m.digest > ?2)
    ORDER BY r.name, m.digest LIMIT ?3";

const MISSING: &str = "SELECT f.digest FROM manifest_references f
    WHERE f.manifest = ?1 AND f.required = 1 AND iif(f.target = 0,
        NOT EXISTS (SELECT 1 FROM links l
            JOIN contents c ON c.digest = l.digest AND c.quarantined = 0
            WHERE l.repository = f.repository AND l.digest = f.digest),
        NOT EXISTS (SELECT 1 FROM manifests m
            WHERE m.repository = f.repository AND m.digest = f.digest))";

const QUARANTINED: &str = "SELECT q.object, q.digest, q.size, q.since,
        NOT EXISTS (SELECT 1 FROM contents c WHERE c.object = q.object)
    FROM quarantine q WHERE q.object > ?1 ORDER BY q.object LIMIT ?2";

const RECENT: &str = "SELECT count(*) FROM quarantine WHERE since > ifnull(?1, -1)";

const RELEASED: &str = "SELECT q.object FROM quarantine q
    WHERE q.since <= ?1 AND NOT EXISTS (SELECT 1 FROM contents c WHERE c.object = q.object)
    ORDER BY q.since, q.object LIMIT ?2";

const TOTALS: &str = "SELECT
    (SELECT count(*) FROM namespaces),
    (SELECT count(*) FROM repositories),
    (SELECT count(*) FROM tags),
    (SELECT count(*) FROM manifests),
    (SELECT ifnull(sum(length(bytes)), 0) FROM manifests),
    (SELECT count(*) FROM links),
    (SELECT ifnull(sum(c.size), 0) FROM links l JOIN contents c ON c.digest = l.digest),
    (SELECT count(*) FROM contents),
    (SELECT ifnull(sum(size), 0) FROM contents),
    (SELECT count(*) FROM uploads WHERE state = 0),
    (SELECT count(*) FROM links WHERE pass IS NOT NULL)
        + (SELECT count(*) FROM manifests WHERE pass IS NOT NULL)
        + (SELECT count(*) FROM contents WHERE pass IS NOT NULL),
    (SELECT count(*) FROM gone WHERE doomed = 1),
    (SELECT count(*) FROM quarantine)";

impl View<'_> {
    /// Contents behind a digest, or a text that stands before all.
    pub(super) fn contents_after(
        &self,
        after: &str,
        most: usize,
    ) -> Result<Vec<KeptContent>, Failure> {
        self.all(CONTENTS, (after, limit(most)), |row| {
            let object = row.get_ref(3)?.as_str_or_null()?.map(ObjectKey::new);
            let content = match object {
                Some(key) => BlobContent::Object(key),
                None => BlobContent::Inline(Bytes::copy_from_slice(row.get_ref(4)?.as_blob()?)),
            };
            Ok(KeptContent {
                digest: row.get::<_, Text<_>>(0)?.0,
                size: row.get::<_, Bits>(1)?.0,
                quarantined: row.get(2)?,
                content,
            })
        })
    }

    fn manifests(
        &self,
        after: Option<(&RepositoryName, &Digest)>,
        most: usize,
    ) -> Result<Vec<KeptManifest>, Failure> {
        let (name, digest) =
            after.map_or(("", ""), |(name, digest)| (name.as_str(), digest.as_str()));
        let rows = self.all(MANIFESTS, (name, digest, limit(most)), |row| {
            let manifest = KeptManifest {
                repository: row.get::<_, Text<_>>(0)?.0,
                digest: row.get::<_, Text<_>>(1)?.0,
                bytes: Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?),
                missing: Vec::new(),
            };
            Ok((manifest, row.get::<_, i64>(3)?))
        })?;
        let with_missing = rows.into_iter().map(|(mut manifest, id)| {
            manifest.missing = self.all(MISSING, [id], |row| Ok(row.get::<_, Text<_>>(0)?.0))?;
            Ok(manifest)
        });
        with_missing.collect()
    }

    fn quarantined(
        &self,
        after: Option<&ObjectKey>,
        most: usize,
    ) -> Result<Vec<Quarantined>, Failure> {
        let after = after.map_or("", ObjectKey::as_str);
        self.all(QUARANTINED, (after, limit(most)), |row| {
            let Millis(since) = row.get(3)?;
            Ok(Quarantined {
                object: ObjectKey::new(row.get_ref(0)?.as_str()?),
                digest: row.get::<_, Text<_>>(1)?.0,
                size: row.get::<_, Bits>(2)?.0,
                age: self.now.since(since),
                replaced: row.get(4)?,
            })
        })
    }

    fn totals(&self) -> Result<Totals, Failure> {
        let totals = self.one(TOTALS, (), |row| {
            let number = |column| Ok::<_, rusqlite::Error>(row.get::<_, Bits>(column)?.0);
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
        })?;
        Ok(totals.unwrap_or_default())
    }
}

impl Transaction<'_> {
    fn release(&self, aside: Duration, most: usize) -> Result<u64, Failure> {
        let Some(latest) = ago(self.now, aside) else {
            return Ok(0);
        };
        let objects = self.all(RELEASED, (latest, limit(most)), |row| {
            Ok(ObjectKey::new(row.get_ref(0)?.as_str()?))
        })?;
        for object in &objects {
            self.run(
                "DELETE FROM quarantine WHERE object = ?1",
                [object.as_str()],
            )?;
            self.give_up(object)?;
        }
        Ok(objects.len() as u64)
    }
}

#[async_trait]
impl Inspection for SqliteMetadata {
    async fn contents(
        &self,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<KeptContent>, MetadataError> {
        self.read(|view| view.contents_after(after.map_or("", Digest::as_str), limit))
    }

    async fn manifests(
        &self,
        after: Option<(&RepositoryName, &Digest)>,
        limit: usize,
    ) -> Result<Vec<KeptManifest>, MetadataError> {
        self.read(|view| view.manifests(after, limit))
    }

    async fn quarantined(
        &self,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<Quarantined>, MetadataError> {
        self.read(|view| view.quarantined(after, limit))
    }

    async fn quarantined_within(&self, time: Duration) -> Result<u64, MetadataError> {
        let count = self.read(|view| {
            let since = ago(view.now, time);
            view.one(RECENT, [since], |row| Ok(row.get::<_, Bits>(0)?.0))
        })?;
        Ok(count.unwrap_or_default())
    }

    async fn release(&self, aside: Duration, limit: usize) -> Result<u64, MetadataError> {
        self.write(move |transaction| transaction.release(aside, limit))
            .await
    }

    async fn scrub_note(&self) -> Result<Option<String>, MetadataError> {
        let note =
            self.read(|view| view.one("SELECT scrub FROM registry", (), |row| row.get(0)))?;
        Ok(note.flatten())
    }

    async fn keep_scrub_note(&self, note: &str) -> Result<(), MetadataError> {
        let note = note.to_owned();
        self.write(move |transaction| {
            transaction.run("UPDATE registry SET scrub = ?1", [note])?;
            Ok(())
        })
        .await
    }

    async fn totals(&self) -> Result<Totals, MetadataError> {
        let (readers, now) = (Arc::clone(&self.readers), self.time.now());
        let counted = spawn_blocking(move || readers.read(now, |view| view.totals()));
        let lost = |error| MetadataError::new(MetadataErrorKind::Unavailable, format!("{error}"));
        Ok(counted.await.map_err(lost)??)
    }
}

impl SqliteMetadata {
    /// What SQLite finds wrong with the file, with references between rows, and with links whose content is
    /// not there; nothing where all is well. It reads all of the database.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn integrity(&self) -> Result<Vec<String>, MetadataError> {
        let (readers, now) = (Arc::clone(&self.readers), self.time.now());
        let checked = spawn_blocking(move || readers.read(now, |view| view.integrity()));
        let lost = |error| MetadataError::new(MetadataErrorKind::Unavailable, format!("{error}"));
        Ok(checked.await.map_err(lost)??)
    }
}

impl View<'_> {
    fn integrity(&self) -> Result<Vec<String>, Failure> {
        let mut found: Vec<String> = self.all("PRAGMA integrity_check", (), |row| row.get(0))?;
        found.retain(|line| line != "ok");
        found.extend(self.all("PRAGMA foreign_key_check", (), |row| {
            let (table, row, parent): (String, Option<i64>, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let row = row.map_or(String::new(), |row| format!(" {row}"));
            Ok(format!(
                "row{row} of {table} refers to what is not in {parent}"
            ))
        })?);
        let sql = "SELECT l.holder, l.digest FROM links l
            WHERE NOT EXISTS (SELECT 1 FROM contents c WHERE c.digest = l.digest)";
        found.extend(self.all(sql, (), |row| {
            let (holder, digest): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(format!("blob {holder}@{digest} has no content"))
        })?);
        Ok(found)
    }
}
