//! What the things are that were noted.

use bytes::Bytes;
use registry_core::{Digest, RepositoryName};

use super::note::{CONTENT, LINK, MANIFEST, NAMESPACE, Note, REPOSITORY};
use crate::{
    journal::{Entry, ManifestRecord, Record},
    sqlite::{
        error::Failure,
        value::{Bits, Millis, Text},
        view::View,
    },
};

impl View<'_> {
    /// What a thing is now. None where nothing can be said of it that is not said by others: a
    /// repository that is gone, say.
    pub(super) fn entry(&self, note: &Note) -> Result<Option<Entry>, Failure> {
        match note.kind {
            NAMESPACE => self.namespace_entry(&note.key),
            REPOSITORY => self.repository_entry(note.repository),
            CONTENT => self.content_entry(&note.key),
            kind => match self.name_of(note.repository)? {
                Some(name) if kind == LINK => self.link_entry(note, name),
                Some(name) if kind == MANIFEST => self.manifest_entry(note, name),
                Some(name) => self.tag_entry(note, name),
                None => Ok(None),
            },
        }
    }

    fn name_of(&self, repository: i64) -> Result<Option<RepositoryName>, Failure> {
        let sql = "SELECT name FROM repositories WHERE id = ?1";
        self.one(sql, [repository], |row| Ok(row.get::<_, Text<_>>(0)?.0))
    }

    fn namespace_entry(&self, name: &str) -> Result<Option<Entry>, Failure> {
        let sql = "SELECT name, collect_untagged, created FROM namespaces WHERE name = ?1";
        self.one(sql, [name], |row| {
            Ok(Record::Namespace {
                name: row.get::<_, Text<_>>(0)?.0,
                collect_untagged: row.get(1)?,
                created: row.get::<_, Millis>(2)?.0,
            }
            .into())
        })
    }

    fn repository_entry(&self, id: i64) -> Result<Option<Entry>, Failure> {
        let sql = "SELECT name, created FROM repositories WHERE id = ?1";
        self.one(sql, [id], |row| {
            Ok(Record::Repository {
                name: row.get::<_, Text<_>>(0)?.0,
                created: row.get::<_, Millis>(1)?.0,
            }
            .into())
        })
    }

    fn content_entry(&self, key: &str) -> Result<Option<Entry>, Failure> {
        let sql = "SELECT digest, size, object, inline FROM contents
            WHERE digest = ?1 AND quarantined = 0";
        let found = self.one(sql, [key], |row| {
            let bytes = row.get_ref(3)?.as_blob_or_null()?.unwrap_or_default();
            Ok(Entry {
                record: Record::Content {
                    digest: row.get::<_, Text<_>>(0)?.0,
                    size: row.get::<_, Bits>(1)?.0,
                    object: row.get(2)?,
                },
                bytes: Bytes::copy_from_slice(bytes),
            })
        })?;
        let none = || {
            let digest = Digest::parse(key).ok()?;
            Some(Record::NoContent { digest }.into())
        };
        Ok(found.or_else(none))
    }

    fn link_entry(
        &self,
        note: &Note,
        repository: RepositoryName,
    ) -> Result<Option<Entry>, Failure> {
        let sql = "SELECT 1 FROM links WHERE repository = ?1 AND digest = ?2";
        let there = self.any(sql, (note.repository, &note.key))?;
        let Ok(digest) = Digest::parse(&note.key) else {
            return Ok(None);
        };
        let record = match there {
            true => Record::Link { repository, digest },
            false => Record::NoLink { repository, digest },
        };
        Ok(Some(record.into()))
    }

    fn manifest_entry(
        &self,
        note: &Note,
        repository: RepositoryName,
    ) -> Result<Option<Entry>, Failure> {
        let sql = "SELECT id, digest, media_type, subject, descriptor, created, bytes
            FROM manifests WHERE repository = ?1 AND digest = ?2";
        let found = self.one(sql, (note.repository, &note.key), |row| {
            let record = ManifestRecord {
                repository: repository.clone(),
                digest: row.get::<_, Text<_>>(1)?.0,
                media_type: row.get::<_, Text<_>>(2)?.0,
                subject: row.get::<_, Option<Text<_>>>(3)?.map(|subject| subject.0),
                descriptor: serde_json::from_str(row.get_ref(4)?.as_str()?)
                    .map_err(rusqlite::types::FromSqlError::other)?,
                created: row.get::<_, Millis>(5)?.0,
                references: Vec::new(),
            };
            let bytes = Bytes::copy_from_slice(row.get_ref(6)?.as_blob()?);
            Ok((row.get::<_, i64>(0)?, record, bytes))
        })?;
        let Some((id, mut record, bytes)) = found else {
            let digest = Digest::parse(&note.key).ok();
            let none = digest.map(|digest| Record::NoManifest { repository, digest }.into());
            return Ok(none);
        };
        record.references = self.references_of_manifest(note.repository, id)?;
        let record = Record::Manifest(Box::new(record));
        Ok(Some(Entry { record, bytes }))
    }

    fn references_of_manifest(
        &self,
        repository: i64,
        manifest: i64,
    ) -> Result<Vec<(i64, Digest, bool)>, Failure> {
        let sql = "SELECT target, digest, required FROM manifest_references
            WHERE manifest = ?2 AND repository = ?1";
        self.all(sql, (repository, manifest), |row| {
            let digest = row.get::<_, Text<_>>(1)?.0;
            Ok((row.get(0)?, digest, row.get(2)?))
        })
    }

    fn tag_entry(&self, note: &Note, repository: RepositoryName) -> Result<Option<Entry>, Failure> {
        let sql = "SELECT m.digest FROM tags t JOIN manifests m ON m.id = t.manifest
            WHERE t.repository = ?1 AND t.tag = ?2";
        let digest = self.one(sql, (note.repository, &note.key), |row| {
            Ok(row.get::<_, Text<Digest>>(0)?.0)
        })?;
        let Ok(tag) = note.key.parse() else {
            return Ok(None);
        };
        let record = match digest {
            Some(digest) => Record::Tag {
                repository,
                tag,
                digest,
            },
            None => Record::NoTag { repository, tag },
        };
        Ok(Some(record.into()))
    }
}
