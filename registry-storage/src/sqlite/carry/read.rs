//! Rows that are read.

use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{
        CarriedManifest, NamespaceRecord, NamespaceSettings, ReferenceRow, ReferenceTarget,
        RepositoryRecord, Row, RowKey, RowKind,
    },
};

use crate::sqlite::{
    error::Failure,
    value::{Bits, Millis, Readable, Text, limit},
    view::View,
};

const NAMESPACES: &str = "SELECT name, public, collect_untagged, created FROM namespaces
    WHERE name > ?1 ORDER BY name LIMIT ?2";

const REPOSITORIES: &str = "SELECT name, visibility, created, pulls FROM repositories
    WHERE name > ?1 ORDER BY name LIMIT ?2";

const LINKS: &str = "SELECT r.name, l.digest
    FROM repositories r JOIN links l ON l.repository = r.id
    WHERE r.name >= ?1 AND (r.name > ?1 OR l.digest > ?2)
    ORDER BY r.name, l.digest LIMIT ?3";

const MANIFESTS: &str = "SELECT r.name, m.digest, m.media_type, m.bytes, m.subject, m.descriptor,
        m.created, m.id
    FROM repositories r JOIN manifests m ON m.repository = r.id
    WHERE r.name >= ?1 AND (r.name > ?1 OR m.digest > ?2)
    ORDER BY r.name, m.digest LIMIT ?3";

/// A thing that is referred to in two ways is required where either says so.
const REFERENCES: &str = "SELECT target, digest, max(required) FROM manifest_references
    WHERE manifest = ?1 GROUP BY target, digest ORDER BY target, digest";

const TAGS: &str = "SELECT r.name, t.tag, m.digest, t.pulls
    FROM repositories r JOIN tags t ON t.repository = r.id JOIN manifests m ON m.id = t.manifest
    WHERE r.name >= ?1 AND (r.name > ?1 OR t.tag > ?2)
    ORDER BY r.name, t.tag LIMIT ?3";

impl View<'_> {
    /// A page of rows.
    pub(super) fn carried(
        &self,
        kind: RowKind,
        after: &RowKey,
        most: usize,
    ) -> Result<Vec<Row>, Failure> {
        match kind {
            RowKind::Namespaces => self.carried_namespaces(&after.place, most),
            RowKind::Repositories => self.carried_repositories(&after.place, most),
            RowKind::Contents => self.carried_contents(&after.place, most),
            RowKind::Links => self.carried_links(after, most),
            RowKind::Manifests => self.carried_manifests(after, most),
            RowKind::Tags => self.carried_tags(after, most),
        }
    }

    fn carried_namespaces(&self, after: &str, most: usize) -> Result<Vec<Row>, Failure> {
        self.all(NAMESPACES, (after, limit(most)), |row| {
            Ok(Row::Namespace(NamespaceRecord {
                name: row.get::<_, Text<_>>(0)?.0,
                settings: NamespaceSettings {
                    visibility: row.get::<_, Readable>(1)?.0,
                    collect_untagged: row.get(2)?,
                },
                created: row.get::<_, Millis>(3)?.0,
            }))
        })
    }

    fn carried_repositories(&self, after: &str, most: usize) -> Result<Vec<Row>, Failure> {
        self.all(REPOSITORIES, (after, limit(most)), |row| {
            Ok(Row::Repository {
                record: RepositoryRecord {
                    name: row.get::<_, Text<_>>(0)?.0,
                    visibility: row.get::<_, Option<Readable>>(1)?.map(|own| own.0),
                    created: row.get::<_, Millis>(2)?.0,
                },
                pulls: row.get::<_, Bits>(3)?.0,
            })
        })
    }

    fn carried_contents(&self, after: &str, most: usize) -> Result<Vec<Row>, Failure> {
        let contents = self.contents_after(after, most)?;
        Ok(contents.into_iter().map(Row::Content).collect())
    }

    fn carried_links(&self, after: &RowKey, most: usize) -> Result<Vec<Row>, Failure> {
        self.all(LINKS, (&after.place, &after.item, limit(most)), |row| {
            Ok(Row::Link {
                repository: row.get::<_, Text<_>>(0)?.0,
                digest: row.get::<_, Text<_>>(1)?.0,
            })
        })
    }

    fn carried_manifests(&self, after: &RowKey, most: usize) -> Result<Vec<Row>, Failure> {
        let params = (&after.place, &after.item, limit(most));
        let rows = self.all(MANIFESTS, params, |row| {
            let descriptor: String = row.get(5)?;
            let read = |descriptor| {
                Ok::<_, rusqlite::Error>(CarriedManifest {
                    repository: row.get::<_, Text<_>>(0)?.0,
                    digest: row.get::<_, Text<_>>(1)?.0,
                    media_type: row.get::<_, Text<_>>(2)?.0,
                    bytes: Bytes::copy_from_slice(row.get_ref(3)?.as_blob()?),
                    subject: row.get::<_, Option<Text<Digest>>>(4)?.map(|text| text.0),
                    descriptor,
                    created: row.get::<_, Millis>(6)?.0,
                    references: Vec::new(),
                })
            };
            let manifest = serde_json::from_str(&descriptor).map(read);
            Ok((manifest, row.get::<_, i64>(7)?))
        })?;
        let whole = rows.into_iter().map(|(manifest, id)| {
            let mut manifest = manifest??;
            manifest.references = self.carried_references(id)?;
            Ok(Row::Manifest(Box::new(manifest)))
        });
        whole.collect()
    }

    fn carried_references(&self, manifest: i64) -> Result<Vec<ReferenceRow>, Failure> {
        self.all(REFERENCES, [manifest], |row| {
            Ok(ReferenceRow {
                target: match row.get(0)? {
                    0_i64 => ReferenceTarget::Blob,
                    _ => ReferenceTarget::Manifest,
                },
                digest: row.get::<_, Text<_>>(1)?.0,
                required: row.get(2)?,
            })
        })
    }

    fn carried_tags(&self, after: &RowKey, most: usize) -> Result<Vec<Row>, Failure> {
        self.all(TAGS, (&after.place, &after.item, limit(most)), |row| {
            Ok(Row::Tag {
                repository: row.get::<_, Text<_>>(0)?.0,
                tag: row.get::<_, Text<_>>(1)?.0,
                digest: row.get::<_, Text<_>>(2)?.0,
                pulls: row.get::<_, Bits>(3)?.0,
            })
        })
    }
}
