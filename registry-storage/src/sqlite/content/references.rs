//! Which manifests of a repository refer to what.

use std::collections::BTreeMap;

use registry_core::{
    Digest,
    backend::{ReferenceRow, ReferenceTarget},
};

use crate::sqlite::{error::Failure, transaction::Transaction, value::Text, view::View};

impl View<'_> {
    /// A manifest of the repository that requires it.
    pub(super) fn requiring(
        &self,
        repository: i64,
        target: ReferenceTarget,
        digest: &Digest,
    ) -> Result<Option<Digest>, Failure> {
        let sql = "SELECT m.digest FROM manifest_references f JOIN manifests m ON m.id = f.manifest
            WHERE f.repository = ?1 AND f.target = ?2 AND f.digest = ?3 AND f.required = 1
            LIMIT 1";
        let params = (repository, number(target), digest.as_str());
        let by = self.one(sql, params, |row| row.get(0))?;
        Ok(by.map(|Text(digest)| digest))
    }

    /// Whether any manifest of the repository refers to it.
    pub(in crate::sqlite) fn is_referred_to(
        &self,
        repository: i64,
        target: ReferenceTarget,
        digest: &Digest,
    ) -> Result<bool, Failure> {
        let sql = "SELECT 1 FROM manifest_references
            WHERE repository = ?1 AND target = ?2 AND digest = ?3";
        self.any(sql, (repository, number(target), digest.as_str()))
    }

    /// What a manifest refers to.
    fn references(&self, manifest: i64) -> Result<References, Failure> {
        let sql = "SELECT target, digest, required FROM manifest_references WHERE manifest = ?1";
        let rows = self.all(sql, [manifest], |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
        })?;
        Ok(rows.into_iter().collect())
    }
}

/// Whether each thing referred to is required.
type References = BTreeMap<(i64, String), bool>;

impl Transaction<'_> {
    /// Has a manifest refer to these and nothing else.
    pub(super) fn set_references(
        &self,
        repository: i64,
        manifest: i64,
        rows: &[ReferenceRow],
    ) -> Result<(), Failure> {
        let wanted = merged(rows);
        if self.references(manifest)? == wanted {
            return Ok(());
        }
        let sql = "DELETE FROM manifest_references WHERE manifest = ?1";
        self.run(sql, [manifest])?;
        self.add_references(repository, manifest, wanted)
    }

    /// Has a new manifest refer to these.
    pub(super) fn begin_references(
        &self,
        repository: i64,
        manifest: i64,
        rows: &[ReferenceRow],
    ) -> Result<(), Failure> {
        self.add_references(repository, manifest, merged(rows))
    }

    fn add_references(
        &self,
        repository: i64,
        manifest: i64,
        references: References,
    ) -> Result<(), Failure> {
        let sql = "INSERT INTO manifest_references (repository, target, digest, required, manifest)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        for ((target, digest), required) in references {
            self.run(sql, (repository, target, digest, required, manifest))?;
        }
        Ok(())
    }
}

/// Rows by what they refer to, which is required where any of them says so.
fn merged(rows: &[ReferenceRow]) -> References {
    let mut references = References::new();
    for row in rows {
        let key = (number(row.target), row.digest.as_str().to_owned());
        *references.entry(key).or_default() |= row.required;
    }
    references
}

fn number(target: ReferenceTarget) -> i64 {
    match target {
        ReferenceTarget::Blob => 0,
        ReferenceTarget::Manifest => 1,
    }
}
