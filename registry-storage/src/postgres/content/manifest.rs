//! Manifests.

use bytes::Bytes;
use registry_core::{
    Digest, Event, Tag,
    backend::{
        DeleteManifest, DeleteManifestOutcome, ManifestRecord, PutManifest, PutManifestOutcome,
        ReferenceTarget,
    },
};
use tokio_postgres::Row;

use super::{
    Outcome, done,
    referrers::without_zero,
    refused, stale,
    tag::{Pointers, conflict},
};
use crate::postgres::{
    error::Failure,
    param::Param,
    transaction::Transaction,
    value::{moment, optional_text, text},
};

pub(super) const BY_TAG: &str = "SELECT n.version, r.version,
        m.digest, m.media_type, m.created, m.pass IS NOT NULL, m.bytes
    FROM (SELECT 1) one
    LEFT JOIN namespaces n ON n.name = $1
    LEFT JOIN repositories r ON r.name = $2
    LEFT JOIN tags t ON t.repository = r.id AND t.tag = $3
    LEFT JOIN manifests m ON m.id = t.manifest";

pub(super) const BY_DIGEST: &str = "SELECT n.version, r.version,
        m.digest, m.media_type, m.created, m.pass IS NOT NULL, m.bytes
    FROM (SELECT 1) one
    LEFT JOIN namespaces n ON n.name = $1
    LEFT JOIN repositories r ON r.name = $2
    LEFT JOIN manifests m ON m.repository = r.id AND m.digest = $3";

pub(super) fn record(row: &Row) -> Result<Option<ManifestRecord>, Failure> {
    let Some(digest) = optional_text(row, 2)? else {
        return Ok(None);
    };
    Ok(Some(ManifestRecord {
        digest,
        media_type: text(row, 3)?,
        created: moment(row, 4)?,
        condemned: row.try_get(5)?,
        bytes: Bytes::copy_from_slice(row.try_get(6)?),
    }))
}

/// A manifest's row, and whether it is new.
struct Own {
    id: i64,
    new: bool,
}

/// What of a manifest its row has besides its digest.
struct Columns<'a> {
    command: &'a PutManifest<'a>,
    artifact_type: Option<String>,
    descriptor: String,
}

impl<'a> Columns<'a> {
    fn of(command: &'a PutManifest<'a>) -> Result<Self, Failure> {
        let artifact_type = command.descriptor.artifact_type.as_deref();
        Ok(Self {
            command,
            artifact_type: artifact_type.map(without_zero),
            descriptor: serde_json::to_string(command.descriptor)?,
        })
    }

    fn params(&self) -> [Param<'_>; 5] {
        [
            self.command.media_type.as_str().into(),
            self.command.subject.map(Digest::as_str).into(),
            self.artifact_type.as_deref().into(),
            self.descriptor.as_str().into(),
            (&*self.command.bytes).into(),
        ]
    }
}

impl Transaction<'_> {
    pub(super) async fn put_manifest(
        &self,
        command: &PutManifest<'_>,
    ) -> Outcome<PutManifestOutcome> {
        let Some(place) = self.current(command.scope).await? else {
            return Ok(stale());
        };
        if !place.admits(command.create) {
            return Ok(refused(PutManifestOutcome::RepositoryAbsent));
        }
        let name = command.scope.repository;
        let made = self
            .make(name, &place, command.create, command.origin)
            .await?;
        let Some(repository) = made else {
            return Ok(stale());
        };
        let own = self.own_row(command, repository).await?;
        let missing = self.hold_references(repository, command.references).await?;
        if !missing.is_empty() {
            return Ok(refused(PutManifestOutcome::Missing(missing)));
        }
        let pointers = self.pointers(repository, command.tags).await?;
        if let Some((tag, current)) = conflict(command.tags, &pointers, command.digest) {
            return Ok(refused(PutManifestOutcome::TagConflict { tag, current }));
        }
        self.refer(command, repository, &own).await?;
        self.point(command, repository, own.id, pointers).await?;
        Ok(done(PutManifestOutcome::Stored))
    }

    /// The manifest's row, made, or locked and made what is pushed now.
    async fn own_row(&self, command: &PutManifest<'_>, repository: i64) -> Result<Own, Failure> {
        let columns = Columns::of(command)?;
        loop {
            if let Some(id) = self.add_manifest(&columns, repository).await? {
                return Ok(Own { id, new: true });
            }
            // Where it went meanwhile, it is made anew.
            if let Some(id) = self.hold_manifest(repository, command.digest).await? {
                self.update_manifest(&columns, id).await?;
                return Ok(Own { id, new: false });
            }
        }
    }

    async fn add_manifest(
        &self,
        columns: &Columns<'_>,
        repository: i64,
    ) -> Result<Option<i64>, Failure> {
        let sql = "INSERT INTO manifests (media_type, subject, artifact_type, descriptor, bytes,
                repository, digest, created)
            VALUES ($1, $2, $3, $4, $5, $6, $7, registry_now())
            ON CONFLICT DO NOTHING RETURNING id";
        let mut params = Vec::from(columns.params());
        params.extend([repository.into(), columns.command.digest.as_str().into()]);
        let row = self.one(sql, &params).await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    /// Nobody else writes it until the end; others may go on referring to it.
    async fn hold_manifest(
        &self,
        repository: i64,
        digest: &Digest,
    ) -> Result<Option<i64>, Failure> {
        let sql = "SELECT id FROM manifests WHERE repository = $1 AND digest = $2
            FOR NO KEY UPDATE";
        self.manifest_id(sql, repository, digest).await
    }

    /// Nobody begins to refer to it until the end.
    async fn lock_manifest(
        &self,
        repository: i64,
        digest: &Digest,
    ) -> Result<Option<i64>, Failure> {
        let sql = "SELECT id FROM manifests WHERE repository = $1 AND digest = $2 FOR UPDATE";
        self.manifest_id(sql, repository, digest).await
    }

    async fn manifest_id(
        &self,
        sql: &str,
        repository: i64,
        digest: &Digest,
    ) -> Result<Option<i64>, Failure> {
        let row = self
            .one(sql, &[repository.into(), digest.as_str().into()])
            .await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    /// Revives a manifest that is pushed again. What is said of it may be new, and its bytes are, where those that
    /// are there went wrong; they are written only where they differ.
    async fn update_manifest(&self, columns: &Columns<'_>, id: i64) -> Result<(), Failure> {
        let sql = "UPDATE manifests
            SET media_type = $1, subject = $2, artifact_type = $3, descriptor = $4, bytes = $5,
                pass = NULL
            WHERE id = $6 AND (pass IS NOT NULL OR media_type <> $1
                OR subject IS DISTINCT FROM $2 OR artifact_type IS DISTINCT FROM $3
                OR descriptor <> $4 OR bytes <> $5)";
        let mut params = Vec::from(columns.params());
        params.push(id.into());
        self.run(sql, &params).await?;
        Ok(())
    }

    async fn refer(
        &self,
        command: &PutManifest<'_>,
        repository: i64,
        own: &Own,
    ) -> Result<(), Failure> {
        if !own.new {
            return self
                .set_references(repository, own.id, command.references)
                .await;
        }
        self.begin_references(repository, own.id, command.references)
            .await?;
        let pushed = || Event::ManifestPushed {
            repository: command.scope.repository.clone(),
            digest: command.digest.clone(),
            media_type: command.media_type.clone(),
        };
        self.record(command.origin, pushed).await
    }

    /// Points all tags at a manifest, in the order of the command.
    async fn point(
        &self,
        command: &PutManifest<'_>,
        repository: i64,
        manifest: i64,
        mut pointers: Pointers<'_>,
    ) -> Result<(), Failure> {
        for step in command.tags {
            // A tag that is named twice is moved once.
            let Some(before) = pointers.remove(step.tag.as_str()) else {
                continue;
            };
            let moved = (&step.tag, before.as_ref());
            if !self.tag(command, repository, moved, manifest).await? {
                return Err(Failure::Overtaken);
            }
        }
        Ok(())
    }

    pub(super) async fn delete_manifest(
        &self,
        command: DeleteManifest<'_>,
    ) -> Outcome<DeleteManifestOutcome> {
        let Some(place) = self.current(command.scope).await? else {
            return Ok(stale());
        };
        let (name, digest) = (command.scope.repository, command.digest);
        let Some(repository) = place.id() else {
            return Ok(refused(DeleteManifestOutcome::Absent));
        };
        let Some(id) = self.lock_manifest(repository, digest).await? else {
            return Ok(refused(DeleteManifestOutcome::Absent));
        };
        let target = ReferenceTarget::Manifest;
        if let Some(by) = self.requiring(repository, target, digest).await? {
            return Ok(refused(DeleteManifestOutcome::Required { by }));
        }
        let untagged = self.drop_manifest(id).await?;
        for tag in &untagged {
            self.untagged(repository, name, tag, digest, command.origin)
                .await?;
        }
        let deleted = || Event::ManifestDeleted {
            repository: name.clone(),
            digest: digest.clone(),
        };
        self.record(command.origin, deleted).await?;
        Ok(done(DeleteManifestOutcome::Deleted { untagged }))
    }

    /// Removes a manifest that is locked, with what it refers to, and answers the tags that went with it.
    pub(in crate::postgres) async fn drop_manifest(&self, id: i64) -> Result<Vec<Tag>, Failure> {
        let sql = "DELETE FROM tags WHERE manifest = $1 RETURNING tag";
        let rows = self.rows(sql, &[id.into()]).await?;
        let untagged: Result<Vec<Tag>, Failure> = rows.iter().map(|row| text(row, 0)).collect();
        let mut untagged = untagged?;
        untagged.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        for sql in [
            "DELETE FROM manifest_references WHERE manifest = $1",
            "DELETE FROM manifests WHERE id = $1",
        ] {
            self.run(sql, &[id.into()]).await?;
        }
        Ok(untagged)
    }
}
