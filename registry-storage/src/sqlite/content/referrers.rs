//! The manifests of a repository that have one subject.

use registry_core::{RawDescriptor, backend::ReferrersPage};
use rusqlite::Row;

use crate::sqlite::{error::Failure, value::limit, view::View};

impl View<'_> {
    pub(super) fn referrers(
        &self,
        repository: i64,
        page: ReferrersPage<'_>,
    ) -> Result<Vec<RawDescriptor>, Failure> {
        let (subject, most) = (page.subject.as_str(), limit(page.limit));
        // Every digest comes after the empty text.
        let after = page.after.unwrap_or_default();
        match page.artifact_type {
            None => self.all(OF_ANY_TYPE, (repository, subject, after, most), kept),
            Some(kind) => self.all(OF_TYPE, (repository, subject, after, most, kind), kept),
        }
    }
}

fn kept(row: &Row<'_>) -> rusqlite::Result<RawDescriptor> {
    Ok(RawDescriptor::kept(row.get_ref(0)?.as_str()?))
}

pub(in crate::sqlite) const OF_ANY_TYPE: &str = "SELECT descriptor FROM manifests
    WHERE repository = ?1 AND subject = ?2 AND digest > ?3 ORDER BY digest LIMIT ?4";

pub(in crate::sqlite) const OF_TYPE: &str = "SELECT descriptor FROM manifests
    WHERE repository = ?1 AND subject = ?2 AND artifact_type = ?5 AND digest > ?3
    ORDER BY digest LIMIT ?4";
