//! Rows that are read.

use bytes::Bytes;
use registry_core::backend::{
    CarriedManifest, KeptContent, MetadataError, NamespaceRecord, NamespaceSettings, ReferenceRow,
    ReferenceTarget, RepositoryRecord, Row, RowKey, RowKind,
};
use tokio_postgres::Row as Columns;

use crate::postgres::{
    PostgresMetadata,
    error::Failure,
    inspection::{CONTENTS, content},
    value::{bits, limit, moment, optional_text, parsed, text, visibility},
};

const NAMESPACES: &str = "SELECT name, public, collect_untagged, created FROM namespaces
    WHERE name > $1 ORDER BY name LIMIT $2";

const REPOSITORIES: &str = "SELECT r.name, r.visibility, r.created, (
        coalesce((SELECT pulls FROM pulls WHERE repository = r.id AND tag = ''), 0)
        + coalesce((SELECT sum(pulls) FROM appended_pulls WHERE repository = r.id), 0))::bigint
    FROM repositories r WHERE r.name > $1 ORDER BY r.name LIMIT $2";

/// As of the following, each repository gives no more than a page, so that a large one is not sorted.
const LINKS: &str = "SELECT r.name, l.digest FROM repositories r,
        LATERAL (SELECT digest FROM links
            WHERE repository = r.id AND digest > CASE r.name WHEN $1 THEN $2 ELSE '' END
            ORDER BY digest LIMIT $3) l
    WHERE r.name >= $1 ORDER BY r.name, l.digest LIMIT $3";

const MANIFESTS: &str = "SELECT r.name, m.digest, m.media_type, m.bytes, m.subject, m.descriptor,
        m.created,
        ARRAY (SELECT f.target::bigint FROM manifest_references f
            WHERE f.manifest = m.id ORDER BY f.target, f.digest),
        ARRAY (SELECT f.digest FROM manifest_references f
            WHERE f.manifest = m.id ORDER BY f.target, f.digest),
        ARRAY (SELECT f.required FROM manifest_references f
            WHERE f.manifest = m.id ORDER BY f.target, f.digest)
    FROM repositories r,
        LATERAL (SELECT * FROM manifests
            WHERE repository = r.id AND digest > CASE r.name WHEN $1 THEN $2 ELSE '' END
            ORDER BY digest LIMIT $3) m
    WHERE r.name >= $1 ORDER BY r.name, m.digest LIMIT $3";

const TAGS: &str = "SELECT r.name, t.tag, m.digest, (
        coalesce((SELECT pulls FROM pulls
            WHERE repository = r.id AND tag = t.tag AND tag_id = t.id), 0)
        + coalesce((SELECT sum(pulls) FROM appended_pulls
            WHERE repository = r.id AND tag_id = t.id), 0))::bigint
    FROM repositories r,
        LATERAL (SELECT id, tag, manifest FROM tags
            WHERE repository = r.id AND tag > CASE r.name WHEN $1 THEN $2 ELSE '' END
            ORDER BY tag LIMIT $3) t
        JOIN manifests m ON m.id = t.manifest
    WHERE r.name >= $1 ORDER BY r.name, t.tag LIMIT $3";

impl PostgresMetadata {
    /// A page of rows.
    pub(super) async fn carried(
        &self,
        kind: RowKind,
        after: &RowKey,
        most: usize,
    ) -> Result<Vec<Row>, MetadataError> {
        type Read = fn(&Columns) -> Result<Row, Failure>;
        let (sql, read, pair): (_, Read, _) = match kind {
            RowKind::Namespaces => (NAMESPACES, namespace, false),
            RowKind::Repositories => (REPOSITORIES, repository, false),
            RowKind::Contents => (CONTENTS, kept, false),
            RowKind::Links => (LINKS, link, true),
            RowKind::Manifests => (MANIFESTS, manifest, true),
            RowKind::Tags => (TAGS, tag, true),
        };
        let mut params = vec![after.place.as_str().into()];
        if pair {
            params.push(after.item.as_str().into());
        }
        params.push(limit(most).into());
        let rows = PostgresMetadata::rows(self, sql, &params).await?;
        let rows: Result<_, Failure> = rows.iter().map(read).collect();
        Ok(rows?)
    }
}

fn namespace(row: &Columns) -> Result<Row, Failure> {
    Ok(Row::Namespace(NamespaceRecord {
        name: text(row, 0)?,
        settings: NamespaceSettings {
            visibility: visibility(row.try_get(1)?),
            collect_untagged: row.try_get(2)?,
        },
        created: moment(row, 3)?,
    }))
}

fn repository(row: &Columns) -> Result<Row, Failure> {
    Ok(Row::Repository {
        record: RepositoryRecord {
            name: text(row, 0)?,
            visibility: row.try_get::<_, Option<bool>>(1)?.map(visibility),
            created: moment(row, 2)?,
        },
        pulls: bits(row, 3)?,
    })
}

fn kept(row: &Columns) -> Result<Row, Failure> {
    let kept: KeptContent = content(row)?;
    Ok(Row::Content(kept))
}

fn link(row: &Columns) -> Result<Row, Failure> {
    Ok(Row::Link {
        repository: text(row, 0)?,
        digest: text(row, 1)?,
    })
}

fn manifest(row: &Columns) -> Result<Row, Failure> {
    Ok(Row::Manifest(Box::new(CarriedManifest {
        repository: text(row, 0)?,
        digest: text(row, 1)?,
        media_type: text(row, 2)?,
        bytes: Bytes::copy_from_slice(row.try_get(3)?),
        subject: optional_text(row, 4)?,
        descriptor: serde_json::from_str(row.try_get(5)?)?,
        created: moment(row, 6)?,
        references: references(row)?,
    })))
}

fn references(row: &Columns) -> Result<Vec<ReferenceRow>, Failure> {
    let targets: Vec<i64> = row.try_get(7)?;
    let digests: Vec<&str> = row.try_get(8)?;
    let required: Vec<bool> = row.try_get(9)?;
    let rows = targets.iter().zip(digests).zip(required);
    let reference = |((target, digest), required): ((&i64, &str), bool)| {
        Ok(ReferenceRow {
            target: match target {
                0 => ReferenceTarget::Blob,
                _ => ReferenceTarget::Manifest,
            },
            digest: parsed(digest)?,
            required,
        })
    };
    rows.map(reference).collect()
}

fn tag(row: &Columns) -> Result<Row, Failure> {
    Ok(Row::Tag {
        repository: text(row, 0)?,
        tag: text(row, 1)?,
        digest: text(row, 2)?,
        pulls: bits(row, 3)?,
    })
}
