//! Manifests.

use bytes::Bytes;
use registry_core::{
    Digest, Event, Reference, RepositoryName, Tag,
    backend::{
        Checked, DeleteManifestOutcome, ManifestRecord, PutManifestOutcome, ReferenceRow,
        ReferenceTarget, Scope,
    },
};
use rusqlite::Row;

use super::{checked, versions};
use crate::canonical::namespace_of;
use crate::sqlite::{
    error::Failure,
    owned::{DeleteContent, PutManifest},
    seen::{Rows, Versioned},
    transaction::Transaction,
    value::{Millis, Text},
    view::View,
};

impl View<'_> {
    pub(super) fn manifest(
        &self,
        scope: Scope<'_>,
        reference: &Reference,
    ) -> Result<Checked<Option<ManifestRecord>>, Failure> {
        let name = scope.repository;
        let seen = self.seen.map(|seen| &seen.manifests);
        let key = || (name.clone(), reference.clone());
        let found = Rows::get(seen, key, || self.find_manifest(name, reference))?;
        Ok(checked(scope, found))
    }

    fn find_manifest(
        &self,
        name: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<Versioned<ManifestRecord>>, Failure> {
        let (sql, text) = match reference {
            Reference::Tag(tag) => (BY_TAG, tag.as_str()),
            Reference::Digest(digest) => (BY_DIGEST, digest.as_str()),
        };
        let params = (namespace_of(name), name.as_str(), text);
        self.one(sql, params, |row| Ok((versions(row)?, record(row)?)))
    }

    fn manifest_id(&self, repository: i64, digest: &Digest) -> Result<Option<i64>, Failure> {
        let sql = "SELECT id FROM manifests WHERE repository = ?1 AND digest = ?2";
        self.one(sql, (repository, digest.as_str()), |row| row.get(0))
    }

    /// The required references that do not exist.
    fn missing(
        &self,
        repository: Option<i64>,
        references: &[ReferenceRow],
    ) -> Result<Vec<Digest>, Failure> {
        let mut missing = Vec::new();
        for row in references.iter().filter(|row| row.required) {
            let exists = match repository {
                Some(id) => self.exists(id, row.target, &row.digest)?,
                None => false,
            };
            if !exists {
                missing.push(row.digest.clone());
            }
        }
        Ok(missing)
    }
}

pub(in crate::sqlite) const BY_TAG: &str = "SELECT n.version, r.version,
        m.digest, m.media_type, m.created, m.pass IS NOT NULL, m.bytes
    FROM namespaces n
    LEFT JOIN repositories r ON r.name = ?2
    LEFT JOIN tags t ON t.repository = r.id AND t.tag = ?3
    LEFT JOIN manifests m ON m.id = t.manifest
    WHERE n.name = ?1";

pub(in crate::sqlite) const BY_DIGEST: &str = "SELECT n.version, r.version,
        m.digest, m.media_type, m.created, m.pass IS NOT NULL, m.bytes
    FROM namespaces n
    LEFT JOIN repositories r ON r.name = ?2
    LEFT JOIN manifests m ON m.repository = r.id AND m.digest = ?3
    WHERE n.name = ?1";

fn record(row: &Row<'_>) -> rusqlite::Result<Option<ManifestRecord>> {
    let Some(Text(digest)) = row.get(2)? else {
        return Ok(None);
    };
    Ok(Some(ManifestRecord {
        digest,
        media_type: row.get::<_, Text<_>>(3)?.0,
        created: row.get::<_, Millis>(4)?.0,
        condemned: row.get(5)?,
        bytes: Bytes::copy_from_slice(row.get_ref(6)?.as_blob()?),
    }))
}

impl Transaction<'_> {
    pub(super) fn put_manifest(
        &mut self,
        command: &PutManifest,
    ) -> Result<Checked<PutManifestOutcome>, Failure> {
        let Some(place) = self.current(&command.scope)? else {
            return Ok(Checked::Stale);
        };
        if !place.admits(command.create) {
            return Ok(Checked::Current(PutManifestOutcome::RepositoryAbsent));
        }
        let outcome = match self.refusal_of_manifest(command, place.id())? {
            Some(refusal) => refusal,
            None => {
                let (name, create) = (&command.scope.repository, command.create);
                let repository = self.make(name, &place, create, &command.origin)?;
                self.store_manifest(command, repository)?;
                PutManifestOutcome::Stored
            }
        };
        Ok(Checked::Current(outcome))
    }

    /// Why a manifest may not be put, if anything stands against it.
    fn refusal_of_manifest(
        &self,
        command: &PutManifest,
        repository: Option<i64>,
    ) -> Result<Option<PutManifestOutcome>, Failure> {
        let missing = self.missing(repository, &command.references)?;
        if !missing.is_empty() {
            return Ok(Some(PutManifestOutcome::Missing(missing)));
        }
        let conflict = self.conflict(repository, &command.tags, &command.digest)?;
        Ok(conflict.map(|(tag, current)| PutManifestOutcome::TagConflict { tag, current }))
    }

    /// Stores what was found to be in order.
    fn store_manifest(&mut self, command: &PutManifest, repository: i64) -> Result<(), Failure> {
        let manifest = match self.manifest_id(repository, &command.digest)? {
            Some(manifest) => {
                self.update_manifest(manifest, command)?;
                self.set_references(repository, manifest, &command.references)?;
                manifest
            }
            None => {
                let manifest = self.add_manifest(repository, command)?;
                self.begin_references(repository, manifest, &command.references)?;
                self.record_pushed(command)?;
                manifest
            }
        };
        for row in &command.references {
            self.revive(repository, row.target, &row.digest)?;
        }
        for step in &command.tags {
            self.tag(command, repository, &step.tag, manifest)?;
        }
        Ok(())
    }

    fn add_manifest(&self, repository: i64, command: &PutManifest) -> Result<i64, Failure> {
        let sql = "INSERT INTO manifests
            (repository, digest, media_type, subject, artifact_type, created, descriptor, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let params = (
            repository,
            command.digest.as_str(),
            command.media_type.as_str(),
            command.subject.as_ref().map(Digest::as_str),
            &command.descriptor.artifact_type,
            Millis(self.now),
            serde_json::to_string(&command.descriptor)?,
            &*command.bytes,
        );
        self.insert(sql, params)
    }

    /// Revives a manifest that is pushed again. What is said of it may be new, and its bytes are, where
    /// those that are there went wrong; they are written only where they differ.
    fn update_manifest(&self, manifest: i64, command: &PutManifest) -> Result<(), Failure> {
        let sql = "UPDATE manifests
            SET media_type = ?2, subject = ?3, artifact_type = ?4, descriptor = ?5, bytes = ?6,
                pass = NULL
            WHERE id = ?1 AND (pass IS NOT NULL OR media_type <> ?2 OR subject IS NOT ?3
                OR artifact_type IS NOT ?4 OR descriptor <> ?5 OR bytes <> ?6)";
        let params = (
            manifest,
            command.media_type.as_str(),
            command.subject.as_ref().map(Digest::as_str),
            &command.descriptor.artifact_type,
            serde_json::to_string(&command.descriptor)?,
            &*command.bytes,
        );
        self.run(sql, params)?;
        Ok(())
    }

    fn record_pushed(&mut self, command: &PutManifest) -> Result<(), Failure> {
        self.record(&command.origin, || Event::ManifestPushed {
            repository: command.scope.repository.clone(),
            digest: command.digest.clone(),
            media_type: command.media_type.clone(),
        })
    }

    pub(super) fn delete_manifest(
        &mut self,
        command: &DeleteContent,
    ) -> Result<Checked<DeleteManifestOutcome>, Failure> {
        let Some(place) = self.current(&command.scope)? else {
            return Ok(Checked::Stale);
        };
        let Some(repository) = place.id() else {
            return Ok(Checked::Current(DeleteManifestOutcome::Absent));
        };
        let outcome = self.delete_manifest_of(repository, command)?;
        Ok(Checked::Current(outcome))
    }

    fn delete_manifest_of(
        &mut self,
        repository: i64,
        command: &DeleteContent,
    ) -> Result<DeleteManifestOutcome, Failure> {
        let (name, digest, origin) = (&command.scope.repository, &command.digest, &command.origin);
        let Some(manifest) = self.manifest_id(repository, digest)? else {
            return Ok(DeleteManifestOutcome::Absent);
        };
        if let Some(by) = self.requiring(repository, ReferenceTarget::Manifest, digest)? {
            return Ok(DeleteManifestOutcome::Required { by });
        }
        let untagged = self.drop_manifest(manifest)?;
        for tag in &untagged {
            self.record_untagged(name, tag, digest, origin)?;
        }
        self.record(origin, || Event::ManifestDeleted {
            repository: name.clone(),
            digest: digest.clone(),
        })?;
        Ok(DeleteManifestOutcome::Deleted { untagged })
    }

    /// Removes a manifest, with what it refers to, and answers the tags that went with it.
    pub(in crate::sqlite) fn drop_manifest(&self, manifest: i64) -> Result<Vec<Tag>, Failure> {
        let untagged = self.tags_of(manifest)?;
        self.run("DELETE FROM tags WHERE manifest = ?1", [manifest])?;
        self.run("DELETE FROM manifests WHERE id = ?1", [manifest])?;
        Ok(untagged)
    }
}
