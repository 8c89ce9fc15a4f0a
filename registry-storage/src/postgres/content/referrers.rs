//! The manifests of a repository that have one subject.

use registry_core::{RawDescriptor, backend::ReferrersPage};
use tokio_postgres::Row;

use super::cursor;
use crate::postgres::{error::Failure, param::Param, value::limit};

const OF_ANY_TYPE: &str = "SELECT n.version, r.version, page.descriptor
    FROM (SELECT 1) one
    LEFT JOIN namespaces n ON n.name = $1
    LEFT JOIN repositories r ON r.name = $2
    LEFT JOIN LATERAL (SELECT digest, descriptor FROM manifests
        WHERE repository = r.id AND subject = $3 AND digest > $4
        ORDER BY digest LIMIT $5) page ON true
    ORDER BY page.digest";

const OF_TYPE: &str = "SELECT n.version, r.version, page.descriptor
    FROM (SELECT 1) one
    LEFT JOIN namespaces n ON n.name = $1
    LEFT JOIN repositories r ON r.name = $2
    LEFT JOIN LATERAL (SELECT digest, descriptor FROM manifests
        WHERE repository = r.id AND subject = $3 AND artifact_type = $6 AND digest > $4
        ORDER BY digest LIMIT $5) page ON true
    ORDER BY page.digest";

/// The statement of a page, and what it takes besides the repository's names.
pub(super) fn page<'a>(
    page: &ReferrersPage<'a>,
    kind: Option<&'a str>,
) -> (&'static str, Vec<Param<'a>>) {
    let mut params = vec![
        page.subject.as_str().into(),
        cursor(page.after).into(),
        limit(page.limit).into(),
    ];
    match kind {
        None => (OF_ANY_TYPE, params),
        Some(kind) => {
            params.push(kind.into());
            (OF_TYPE, params)
        }
    }
}

pub(super) fn descriptor(row: &Row) -> Result<Option<RawDescriptor>, Failure> {
    let text: Option<&str> = row.try_get(2)?;
    Ok(text.map(RawDescriptor::kept))
}

/// An artifact type as a text of the database, which has no zero.
pub(in crate::postgres) fn without_zero(artifact_type: &str) -> String {
    artifact_type.replace('\0', "\u{fffd}")
}
