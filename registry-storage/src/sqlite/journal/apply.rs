//! A database made again from a journal.
//!
//! Records go into the tables as they come, each saying what one thing is, so that the last one of a thing
//! stays. Only tags wait, for the manifests that they point to may have been lost. What the records
//! contradict each other in is found in the end: foreign keys are not enforced before.

use std::path::Path;

use bytes::Bytes;
use registry_core::{Digest, RepositoryName, Tag, Timestamp};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params};

use crate::{
    canonical::{is_bare, namespace_of},
    journal::{Entry, ManifestRecord, Record},
    sqlite::{
        SqliteOpenError,
        error::{Failure, OpenError},
        lineage::Lineage,
        open::connect,
        schema::migrate,
        value::{Bits, Millis, Text, limit},
    },
};

/// Numbers of changes that are passed over, for whoever was told of those that the journal missed.
const CHANGES_PASSED: u64 = 1 << 32;

/// A database on its way.
pub(crate) struct Rebuild {
    connection: Connection,
    version: u64,
    /// When the frame was written that is taken.
    at: Timestamp,
}

/// What a database that was made again holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RebuildCounts {
    pub(crate) repositories: u64,
    pub(crate) tags: u64,
    pub(crate) manifests: u64,
    pub(crate) contents: u64,
}

/// Tables of what the journal tells, those that refer to others first.
const TABLES: [&str; 7] = [
    "rebuilt_tags",
    "manifest_references",
    "manifests",
    "links",
    "contents",
    "repositories",
    "namespaces",
];

impl Rebuild {
    /// Makes a new database at a path where nothing is.
    pub(crate) fn begin(path: &Path) -> Result<Self, SqliteOpenError> {
        let made = || {
            let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
            let mut connection = connect(path, access)?;
            migrate(&mut connection)?;
            // Whatever happens before the end, it is begun anew.
            connection.pragma_update(None, "journal_mode", "OFF")?;
            connection.pragma_update(None, "synchronous", "OFF")?;
            connection.pragma_update(None, "foreign_keys", false)?;
            connection.execute_batch(
                "CREATE TABLE rebuilt_tags (
                    repository INTEGER NOT NULL,
                    tag TEXT NOT NULL,
                    digest TEXT NOT NULL,
                    PRIMARY KEY (repository, tag)
                ) STRICT, WITHOUT ROWID;",
            )?;
            Ok::<_, OpenError>(Self {
                connection,
                version: 0,
                at: Timestamp::default(),
            })
        };
        made().map_err(|reason| SqliteOpenError::new(path.to_owned(), reason))
    }

    /// Forgets everything: a walk through all there is begins.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        for table in TABLES {
            self.connection
                .execute(&format!("DELETE FROM {table}"), ())?;
        }
        Ok(())
    }

    /// Takes what a frame says.
    pub(crate) fn apply(&mut self, at: Timestamp, entries: &[Entry]) -> Result<(), Failure> {
        self.at = at;
        self.connection.execute_batch("BEGIN")?;
        for entry in entries {
            self.take(&entry.record, &entry.bytes)?;
        }
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    fn take(&mut self, record: &Record, bytes: &Bytes) -> Result<(), Failure> {
        match record {
            Record::Namespace {
                name,
                collect_untagged,
                created,
            } => self.namespace(name.as_str(), *collect_untagged, *created),
            Record::Repository { name, created } => {
                let id = self.repository(name)?;
                let sql = "UPDATE repositories SET created = ?2 WHERE id = ?1";
                self.run(sql, (id, Millis(*created))).map(drop)
            }
            Record::Content {
                digest,
                size,
                object,
            } => self.content(digest, *size, object.as_deref(), bytes),
            Record::NoContent { digest } => {
                let sql = "DELETE FROM contents WHERE digest = ?1";
                self.run(sql, [digest.as_str()]).map(drop)
            }
            Record::Link { repository, digest } => self.link(repository, digest),
            Record::NoLink { repository, digest } => {
                let sql = "DELETE FROM links WHERE digest = ?2
                    AND repository = (SELECT id FROM repositories WHERE name = ?1)";
                self.run(sql, (repository.as_str(), digest.as_str()))
                    .map(drop)
            }
            Record::Manifest(manifest) => self.manifest(manifest, bytes),
            Record::NoManifest { repository, digest } => self.no_manifest(repository, digest),
            Record::Tag {
                repository,
                tag,
                digest,
            } => self.tag(repository, tag, digest),
            Record::NoTag { repository, tag } => {
                let sql = "DELETE FROM rebuilt_tags WHERE tag = ?2
                    AND repository = (SELECT id FROM repositories WHERE name = ?1)";
                self.run(sql, (repository.as_str(), tag.as_str())).map(drop)
            }
        }
    }

    fn namespace(
        &mut self,
        name: &str,
        collect_untagged: bool,
        created: Timestamp,
    ) -> Result<(), Failure> {
        let sql = "INSERT INTO namespaces (name, public, collect_untagged, version, created)
            VALUES (?1, 0, ?2, ?3, ?4)
            ON CONFLICT DO UPDATE
                SET collect_untagged = excluded.collect_untagged, created = excluded.created";
        let params = (name, collect_untagged, self.next_version(), Millis(created));
        self.run(sql, params).map(drop)
    }

    /// The id of a repository, which is made where a record speaks of it whose own was lost.
    fn repository(&mut self, name: &RepositoryName) -> Result<i64, Failure> {
        let sql = "SELECT id FROM repositories WHERE name = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([name.as_str()], |row| row.get(0));
        if let Some(id) = found.optional()? {
            return Ok(id);
        }
        drop(statement);
        let created = Millis(self.at);
        let sql = "INSERT INTO namespaces (name, public, collect_untagged, version, created)
            VALUES (?1, 0, 0, ?2, ?3) ON CONFLICT DO NOTHING";
        let version = self.next_version();
        self.run(sql, (namespace_of(name), version, &created))?;
        let sql = "INSERT INTO repositories
            (name, namespace, bare, visibility, public, version, created)
            VALUES (?1, ?2, ?3, NULL, 0, ?4, ?5)";
        let (namespace, bare, version) = (namespace_of(name), is_bare(name), self.next_version());
        let params = (name.as_str(), namespace, bare, version, created);
        Ok(self.connection.prepare_cached(sql)?.insert(params)?)
    }

    fn content(
        &self,
        digest: &Digest,
        size: u64,
        object: Option<&str>,
        bytes: &Bytes,
    ) -> Result<(), Failure> {
        let sql = "INSERT INTO contents (digest, size, object, inline) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (digest) DO UPDATE
                SET size = excluded.size, object = excluded.object, inline = excluded.inline";
        let inline = object.is_none().then_some(&**bytes);
        self.run(sql, (digest.as_str(), Bits(size), object, inline))
            .map(drop)
    }

    fn link(&mut self, name: &RepositoryName, digest: &Digest) -> Result<(), Failure> {
        let repository = self.repository(name)?;
        let sql = "INSERT INTO links (repository, digest, bare, holder) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO NOTHING";
        let params = (repository, digest.as_str(), is_bare(name), name.as_str());
        self.run(sql, params).map(drop)
    }

    fn manifest(&mut self, record: &ManifestRecord, bytes: &Bytes) -> Result<(), Failure> {
        let repository = self.repository(&record.repository)?;
        self.no_manifest(&record.repository, &record.digest)?;
        let sql = "INSERT INTO manifests
            (repository, digest, media_type, subject, artifact_type, created, descriptor, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let params = (
            repository,
            record.digest.as_str(),
            record.media_type.as_str(),
            record.subject.as_ref().map(Digest::as_str),
            &record.descriptor.artifact_type,
            Millis(record.created),
            serde_json::to_string(&record.descriptor)?,
            &**bytes,
        );
        let manifest = self.connection.prepare_cached(sql)?.insert(params)?;
        let sql = "INSERT INTO manifest_references (repository, target, digest, required, manifest)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        for (target, digest, required) in &record.references {
            self.run(
                sql,
                (repository, target, digest.as_str(), required, manifest),
            )?;
        }
        Ok(())
    }

    fn no_manifest(&self, name: &RepositoryName, digest: &Digest) -> Result<(), Failure> {
        let id = "SELECT m.id FROM manifests m JOIN repositories r ON r.id = m.repository
            WHERE r.name = ?1 AND m.digest = ?2";
        let params = (name.as_str(), digest.as_str());
        let references = format!("DELETE FROM manifest_references WHERE manifest IN ({id})");
        self.run(&references, params)?;
        let manifests = format!("DELETE FROM manifests WHERE id IN ({id})");
        self.run(&manifests, params).map(drop)
    }

    fn tag(&mut self, name: &RepositoryName, tag: &Tag, digest: &Digest) -> Result<(), Failure> {
        let repository = self.repository(name)?;
        let sql = "INSERT INTO rebuilt_tags (repository, tag, digest) VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET digest = excluded.digest";
        self.run(sql, (repository, tag.as_str(), digest.as_str()))
            .map(drop)
    }

    /// Puts the tags in their place, and answers those whose manifests are not there.
    pub(crate) fn put_tags(&self) -> Result<Vec<(RepositoryName, Tag, Digest)>, Failure> {
        let sql = "SELECT r.name, t.tag, t.digest FROM rebuilt_tags t
            JOIN repositories r ON r.id = t.repository
            LEFT JOIN manifests m ON m.repository = t.repository AND m.digest = t.digest
            WHERE m.id IS NULL ORDER BY 1, 2";
        let mut statement = self.connection.prepare(sql)?;
        let lost = statement.query_map((), |row| {
            let name = row.get::<_, Text<_>>(0)?.0;
            let digest = row.get::<_, Text<_>>(2)?.0;
            Ok((name, row.get::<_, Text<_>>(1)?.0, digest))
        })?;
        let lost = lost.collect::<rusqlite::Result<_>>()?;
        self.connection.execute_batch(
            "INSERT INTO tags (repository, tag, manifest)
                SELECT t.repository, t.tag, m.id FROM rebuilt_tags t
                JOIN manifests m ON m.repository = t.repository AND m.digest = t.digest;
            DROP TABLE rebuilt_tags;",
        )?;
        Ok(lost)
    }

    /// Digests that repositories link, and of which nothing is known.
    pub(crate) fn unknown_contents(&self) -> Result<Vec<Digest>, Failure> {
        let sql = "SELECT DISTINCT l.digest FROM links l
            LEFT JOIN contents c ON c.digest = l.digest WHERE c.id IS NULL ORDER BY 1";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map((), |row| Ok(row.get::<_, Text<_>>(0)?.0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Has an object serve a digest.
    pub(crate) fn adopt(&self, digest: &Digest, object: &str, size: u64) -> Result<(), Failure> {
        self.content(digest, size, Some(object), &Bytes::new())
    }

    /// Takes the links away to what cannot be had, and answers whose they were.
    pub(crate) fn unlink(&self, digest: &Digest) -> Result<Vec<RepositoryName>, Failure> {
        let sql = "DELETE FROM links WHERE digest = ?1 RETURNING holder";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([digest.as_str()], |row| Ok(row.get::<_, Text<_>>(0)?.0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Objects that serve, in the order of their keys, with their digests and sizes.
    pub(crate) fn objects(
        &self,
        after: &str,
        most: usize,
    ) -> Result<Vec<(String, Digest, u64)>, Failure> {
        let sql = "SELECT object, digest, size FROM contents
            WHERE object > ?1 AND quarantined = 0 ORDER BY object LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map((after, limit(most)), |row| {
            let (digest, size) = (row.get::<_, Text<_>>(1)?.0, row.get::<_, Bits>(2)?.0);
            Ok((row.get(0)?, digest, size))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether an object serves.
    pub(crate) fn names(&self, object: &str) -> Result<bool, Failure> {
        let sql = "SELECT 1 FROM contents WHERE object = ?1";
        Ok(self.connection.prepare_cached(sql)?.exists([object])?)
    }

    /// Takes a content out of sight until it is pushed again.
    pub(crate) fn quarantine(&self, object: &str) -> Result<(), Failure> {
        let sql = "UPDATE contents SET quarantined = 1 WHERE object = ?1";
        self.run(sql, [object]).map(drop)
    }

    /// Says whose database it is and how it stands to its content, and closes it.
    pub(crate) fn finish(
        self,
        lineage: &Lineage,
        secret: &[u8; 32],
        now: Timestamp,
        change: u64,
    ) -> Result<RebuildCounts, Failure> {
        let sql = "UPDATE registry SET identity = ?1, secret = ?2, generation = ?3, opened = ?4,
            orphans_held = ?5, now = ?6, version = ?7, change = ?8";
        let params = (
            lineage.registry,
            secret,
            Bits(lineage.generation),
            Bits(lineage.opened),
            lineage.orphans_held,
            Millis(now),
            Bits(self.version),
            Bits(change.saturating_add(CHANGES_PASSED)),
        );
        self.run(sql, params)?;
        let counts = self.counts()?;
        self.connection.close().map_err(|(_, error)| error)?;
        Ok(counts)
    }

    fn counts(&self) -> Result<RebuildCounts, Failure> {
        let count = |table| {
            let sql = format!("SELECT count(*) FROM {table}");
            let count = self.connection.query_row(&sql, (), |row| row.get(0));
            count.map(|Bits(count)| count)
        };
        Ok(RebuildCounts {
            repositories: count("repositories")?,
            tags: count("tags")?,
            manifests: count("manifests")?,
            contents: count("contents")?,
        })
    }

    fn run(&self, sql: &str, params: impl Params) -> Result<usize, Failure> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    fn next_version(&mut self) -> Bits {
        self.version += 1;
        Bits(self.version)
    }
}
