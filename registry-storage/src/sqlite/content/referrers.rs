//! The manifests of a repository that have one subject.

use registry_core::{Descriptor, backend::ReferrersPage};

use crate::sqlite::{error::Failure, value::limit, view::View};

impl View<'_> {
    pub(super) fn referrers(
        &self,
        repository: i64,
        page: ReferrersPage<'_>,
    ) -> Result<Vec<Descriptor>, Failure> {
        let (subject, most) = (page.subject.as_str(), limit(page.limit));
        // Every digest comes after the empty text.
        let after = page.after.unwrap_or_default();
        let rows = match page.artifact_type {
            None => self.all(OF_ANY_TYPE, (repository, subject, after, most), |row| {
                row.get::<_, String>(0)
            }),
            Some(kind) => {
                let params = (repository, subject, after, most, kind);
                self.all(OF_TYPE, params, |row| row.get::<_, String>(0))
            }
        };
        let descriptors = rows?.into_iter();
        descriptors
            .map(|text| Ok(serde_json::from_str(&text)?))
            .collect()
    }
}

pub(in crate::sqlite) const OF_ANY_TYPE: &str = "SELECT descriptor FROM manifests
    WHERE repository = ?1 AND subject = ?2 AND digest > ?3 ORDER BY digest LIMIT ?4";

pub(in crate::sqlite) const OF_TYPE: &str = "SELECT descriptor FROM manifests
    WHERE repository = ?1 AND subject = ?2 AND artifact_type = ?5 AND digest > ?3
    ORDER BY digest LIMIT ?4";
