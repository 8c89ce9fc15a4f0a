//! Manifests.

use std::collections::BTreeSet;

use bytes::Bytes;
use registry_core::{
    Digest, Event, MediaType, RawDescriptor, Reference, RepositoryName, Tag, Timestamp,
    backend::{
        DeleteManifest, DeleteManifestOutcome, ManifestRecord, PutManifest, PutManifestOutcome,
        ReferenceRow, ReferenceTarget,
    },
};

use crate::memory::metadata::{
    key::Key,
    rows::{Row, RowName},
    state::{Repository, State},
};

/// A manifest of a repository.
#[derive(Debug)]
pub(in super::super) struct Manifest {
    pub(in super::super) row: Row,
    pub(in super::super) created: Timestamp,
    pub(in super::super) subject: Option<Digest>,
    pub(in super::super) tags: BTreeSet<Key<Tag>>,
    pub(super) artifact_type: Option<String>,
    pub(super) descriptor: RawDescriptor,
    media_type: MediaType,
    bytes: Bytes,
    references: Vec<ReferenceRow>,
}

impl Manifest {
    fn new(row: Row, created: Timestamp, command: &PutManifest<'_>) -> Self {
        Self {
            row,
            created,
            subject: command.subject.cloned(),
            tags: BTreeSet::new(),
            artifact_type: command.descriptor.artifact_type.clone(),
            descriptor: RawDescriptor::of(command.descriptor),
            media_type: command.media_type.clone(),
            bytes: command.bytes.clone(),
            references: command.references.to_vec(),
        }
    }

    pub(in super::super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(in super::super) fn references(&self) -> &[ReferenceRow] {
        &self.references
    }

    /// What is pushed, with what stays of what was there before.
    fn again(self, command: &PutManifest<'_>) -> Self {
        Self {
            tags: self.tags,
            ..Self::new(self.row, self.created, command)
        }
    }
}

impl Repository {
    pub(super) fn manifest(&self, reference: &Reference) -> Option<ManifestRecord> {
        let digest = match reference {
            Reference::Tag(tag) => self.tagged(tag)?,
            Reference::Digest(digest) => digest,
        };
        let manifest = self.manifests.get(digest)?;
        Some(ManifestRecord {
            digest: digest.clone(),
            media_type: manifest.media_type.clone(),
            bytes: manifest.bytes.clone(),
            created: manifest.created,
            condemned: manifest.row.is_condemned(),
        })
    }

    fn index(&mut self, digest: Digest, manifest: Manifest) {
        self.references.add(&digest, &manifest.references);
        self.index_referrer(&digest, &manifest);
        self.manifests.insert(digest, manifest);
    }

    /// Takes a manifest out of every index but that of tags.
    fn take(&mut self, digest: &Digest) -> Option<Manifest> {
        let manifest = self.manifests.remove(digest)?;
        self.references.remove(digest, &manifest.references);
        self.drop_referrer(digest, &manifest);
        Some(manifest)
    }
}

impl State {
    pub(super) fn put_manifest(&mut self, command: &PutManifest<'_>) -> PutManifestOutcome {
        let name = command.scope.repository;
        if !self.admits(name, command.create) {
            return PutManifestOutcome::RepositoryAbsent;
        }
        let missing = self.missing(name, command.references);
        if !missing.is_empty() {
            return PutManifestOutcome::Missing(missing);
        }
        if let Some((tag, current)) = self.conflict(name, command.tags, command.digest) {
            let tag = tag.clone();
            return PutManifestOutcome::TagConflict { tag, current };
        }
        self.store_manifest(command);
        PutManifestOutcome::Stored
    }

    /// The required references that do not exist.
    fn missing(&self, name: &RepositoryName, references: &[ReferenceRow]) -> Vec<Digest> {
        let required = references.iter().filter(|row| row.required);
        let missing = required.filter(|row| !self.exists(name, row.target, &row.digest));
        missing.map(|row| row.digest.clone()).collect()
    }

    /// Stores what was found to be in order.
    fn store_manifest(&mut self, command: &PutManifest<'_>) {
        let (name, digest) = (command.scope.repository, command.digest);
        let now = self.now;
        let Some(repository) = self.make(name, command.create, command.origin) else {
            return;
        };
        let before = repository.take(digest);
        let is_new = before.is_none();
        let manifest = match before {
            Some(before) => before.again(command),
            None => {
                let row = self
                    .rows
                    .add(RowName::Manifest(name.clone(), digest.clone()));
                Manifest::new(row, now, command)
            }
        };
        if let Some(repository) = self.repositories.get_mut(name) {
            repository.index(digest.clone(), manifest);
        }
        self.revive_all(command);
        if is_new {
            self.record_pushed(command);
        }
        for step in command.tags {
            self.tag(name, &step.tag, digest, command.origin);
        }
    }

    /// Revives the manifest and all that it refers to.
    fn revive_all(&mut self, command: &PutManifest<'_>) {
        let name = command.scope.repository;
        self.revive(name, ReferenceTarget::Manifest, command.digest);
        for row in command.references {
            self.revive(name, row.target, &row.digest);
        }
    }

    fn record_pushed(&mut self, command: &PutManifest<'_>) {
        let event = Event::ManifestPushed {
            repository: command.scope.repository.clone(),
            digest: command.digest.clone(),
            media_type: command.media_type.clone(),
        };
        self.record(command.origin, event);
    }

    pub(super) fn delete_manifest(
        &mut self,
        command: &DeleteManifest<'_>,
    ) -> DeleteManifestOutcome {
        let (name, digest) = (command.scope.repository, command.digest);
        if !self.exists(name, ReferenceTarget::Manifest, digest) {
            return DeleteManifestOutcome::Absent;
        }
        if let Some(by) = self.requiring(name, ReferenceTarget::Manifest, digest) {
            return DeleteManifestOutcome::Required { by };
        }
        let untagged = self.drop_manifest(name, digest);
        for tag in &untagged {
            self.record_untagged(name, tag.clone(), digest, command.origin);
        }
        let (repository, digest) = (name.clone(), digest.clone());
        self.record(
            command.origin,
            Event::ManifestDeleted { repository, digest },
        );
        DeleteManifestOutcome::Deleted { untagged }
    }

    /// Removes a manifest and answers the tags that went with it.
    pub(in super::super) fn drop_manifest(
        &mut self,
        name: &RepositoryName,
        digest: &Digest,
    ) -> Vec<Tag> {
        let Some(repository) = self.repositories.get_mut(name) else {
            return Vec::new();
        };
        let Some(manifest) = repository.take(digest) else {
            return Vec::new();
        };
        let tags: Vec<_> = manifest.tags.into_iter().map(|key| key.0).collect();
        for tag in &tags {
            repository.untag(tag);
        }
        self.rows.drop(manifest.row);
        tags
    }
}
