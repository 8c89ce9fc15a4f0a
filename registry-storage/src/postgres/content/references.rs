//! Which manifests of a repository refer to what.

use std::collections::BTreeMap;

use registry_core::{
    Digest,
    backend::{ReferenceRow, ReferenceTarget},
};

use crate::postgres::{error::Failure, transaction::Transaction, value::text};

/// Whether each thing referred to is required.
type References = BTreeMap<(i16, String), bool>;

/// Locks what is referred to and there, and says what of it is marked.
const HOLD_BLOBS: &str = "SELECT l.digest, l.pass IS NOT NULL FROM links l
    JOIN contents c ON c.digest = l.digest AND NOT c.quarantined
    WHERE l.repository = $1 AND l.digest = ANY ($2) ORDER BY l.digest FOR KEY SHARE OF l";

const HOLD_MANIFESTS: &str = "SELECT digest, pass IS NOT NULL FROM manifests
    WHERE repository = $1 AND digest = ANY ($2) ORDER BY digest FOR KEY SHARE";

const REVIVE_BLOB: &str = "UPDATE links SET pass = NULL WHERE repository = $1 AND digest = $2";

const REVIVE_MANIFEST: &str =
    "UPDATE manifests SET pass = NULL WHERE repository = $1 AND digest = $2";

impl Transaction<'_> {
    /// A manifest of the repository that requires it.
    pub(super) async fn requiring(
        &self,
        repository: i64,
        target: ReferenceTarget,
        digest: &Digest,
    ) -> Result<Option<Digest>, Failure> {
        let sql = "SELECT m.digest FROM manifest_references f JOIN manifests m ON m.id = f.manifest
            WHERE f.repository = $1 AND f.target = $2 AND f.digest = $3 AND f.required LIMIT 1";
        let params = [
            repository.into(),
            number(target).into(),
            digest.as_str().into(),
        ];
        let row = self.one(sql, &params).await?;
        row.map(|row| text(&row, 0)).transpose()
    }

    /// Holds what is referred to until the end, and answers what is required and not there.
    pub(super) async fn hold_references(
        &self,
        repository: i64,
        rows: &[ReferenceRow],
    ) -> Result<Vec<Digest>, Failure> {
        let blobs = self.hold(repository, rows, ReferenceTarget::Blob).await?;
        let manifests = self
            .hold(repository, rows, ReferenceTarget::Manifest)
            .await?;
        let is_missing = |row: &&ReferenceRow| {
            let held = match row.target {
                ReferenceTarget::Blob => &blobs,
                ReferenceTarget::Manifest => &manifests,
            };
            row.required && !held.iter().any(|held| held == row.digest.as_str())
        };
        let missing = rows.iter().filter(is_missing);
        Ok(missing.map(|row| row.digest.clone()).collect())
    }

    /// Those of one kind that are there. Who meets a mark clears it; a row that is locked by its key cannot go.
    async fn hold(
        &self,
        repository: i64,
        rows: &[ReferenceRow],
        target: ReferenceTarget,
    ) -> Result<Vec<String>, Failure> {
        let wanted = rows.iter().filter(|row| row.target == target);
        let wanted: Vec<_> = wanted.map(|row| row.digest.as_str()).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let (hold, revive) = match target {
            ReferenceTarget::Blob => (HOLD_BLOBS, REVIVE_BLOB),
            ReferenceTarget::Manifest => (HOLD_MANIFESTS, REVIVE_MANIFEST),
        };
        let mut held = Vec::new();
        for row in self.rows(hold, &[repository.into(), wanted.into()]).await? {
            let digest: String = row.try_get(0)?;
            if row.try_get(1)? {
                self.run(revive, &[repository.into(), digest.as_str().into()])
                    .await?;
            }
            held.push(digest);
        }
        Ok(held)
    }

    /// Has a manifest refer to these and nothing else.
    pub(in crate::postgres) async fn set_references(
        &self,
        repository: i64,
        manifest: i64,
        rows: &[ReferenceRow],
    ) -> Result<(), Failure> {
        let wanted = merged(rows);
        if self.references(manifest).await? == wanted {
            return Ok(());
        }
        let sql = "DELETE FROM manifest_references WHERE manifest = $1";
        self.run(sql, &[manifest.into()]).await?;
        self.add_references(repository, manifest, wanted).await
    }

    /// Has a new manifest refer to these.
    pub(super) async fn begin_references(
        &self,
        repository: i64,
        manifest: i64,
        rows: &[ReferenceRow],
    ) -> Result<(), Failure> {
        self.add_references(repository, manifest, merged(rows))
            .await
    }

    async fn references(&self, manifest: i64) -> Result<References, Failure> {
        let sql = "SELECT target, digest, required FROM manifest_references WHERE manifest = $1";
        let rows = self.rows(sql, &[manifest.into()]).await?;
        let read =
            |row: &tokio_postgres::Row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?));
        rows.iter().map(read).collect()
    }

    async fn add_references(
        &self,
        repository: i64,
        manifest: i64,
        references: References,
    ) -> Result<(), Failure> {
        if references.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO manifest_references (repository, target, digest, required, manifest)
            SELECT $1, row.target::smallint, row.digest, row.required = 1, $2
            FROM unnest($3::bigint[], $4::text[], $5::bigint[]) AS row (target, digest, required)";
        let targets: Vec<i64> = references
            .keys()
            .map(|(target, _)| (*target).into())
            .collect();
        let digests: Vec<&str> = references
            .keys()
            .map(|(_, digest)| digest.as_str())
            .collect();
        let required: Vec<i64> = references.values().map(|it| i64::from(*it)).collect();
        let params = [
            repository.into(),
            manifest.into(),
            targets.into(),
            digests.into(),
            required.into(),
        ];
        self.run(sql, &params).await?;
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

fn number(target: ReferenceTarget) -> i16 {
    match target {
        ReferenceTarget::Blob => 0,
        ReferenceTarget::Manifest => 1,
    }
}
