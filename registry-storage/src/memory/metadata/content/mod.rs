//! Blobs, manifests, tags and referrers.

pub(super) mod blob;
pub(super) mod manifest;
pub(super) mod references;
pub(super) mod referrers;
pub(super) mod tag;

use async_trait::async_trait;
use registry_core::{
    Digest, RawDescriptor, Reference, RepositoryName, Tag, VisibleSet,
    backend::{
        BlobRecord, Checked, Content, DeleteBlob, DeleteBlobOutcome, DeleteManifest,
        DeleteManifestOutcome, DeleteTag, DeleteTagOutcome, ManifestRecord, MetadataError,
        MountBlob, MountBlobOutcome, ObjectKey, PutBlob, PutBlobOutcome, PutManifest,
        PutManifestOutcome, ReferenceTarget, ReferrersPage, Renewal, Scope,
    },
};

use super::{
    MemoryMetadata,
    rows::{RowName, Rows},
    state::State,
};

impl State {
    /// Whether a repository has something that may be relied upon.
    fn exists(&self, name: &RepositoryName, target: ReferenceTarget, digest: &Digest) -> bool {
        let Some(repository) = self.repositories.get(name) else {
            return false;
        };
        match target {
            ReferenceTarget::Blob => {
                repository.blobs.contains_key(digest) && self.sound(digest).is_some()
            }
            ReferenceTarget::Manifest => repository.manifests.contains_key(digest),
        }
    }

    /// Clears the mark of something that is relied upon, if it is there.
    pub(super) fn revive(
        &mut self,
        name: &RepositoryName,
        target: ReferenceTarget,
        digest: &Digest,
    ) {
        let (name, digest) = (name.clone(), digest.clone());
        let row = match target {
            ReferenceTarget::Blob => RowName::Blob(name, digest),
            ReferenceTarget::Manifest => RowName::Manifest(name, digest),
        };
        self.with_row(&row, Rows::revive);
    }

    /// A manifest of the repository that requires it.
    fn requiring(
        &self,
        name: &RepositoryName,
        target: ReferenceTarget,
        digest: &Digest,
    ) -> Option<Digest> {
        let repository = self.repositories.get(name)?;
        repository.references.requiring(target, digest).cloned()
    }

    fn renew(&mut self, renewal: Renewal<'_>) -> bool {
        let (name, target, digest) = (renewal.repository, renewal.target, renewal.digest);
        let exists = self.exists(name, target, digest);
        if exists {
            self.revive(name, target, digest);
        }
        exists
    }

    fn holders(
        &self,
        digest: &Digest,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<RepositoryName> {
        let content = self.sound(digest);
        content.map_or_else(Vec::new, |content| {
            self.page(&content.links, visible, after, limit)
        })
    }
}

#[async_trait]
impl Content for MemoryMetadata {
    async fn blob(
        &self,
        scope: Scope<'_>,
        digest: &Digest,
    ) -> Result<Checked<Option<BlobRecord>>, MetadataError> {
        self.run_in(scope, |state| state.blob(scope.repository, digest))
    }

    async fn manifest(
        &self,
        scope: Scope<'_>,
        reference: &Reference,
    ) -> Result<Checked<Option<ManifestRecord>>, MetadataError> {
        self.run_in(scope, |state| {
            let repository = state.repositories.get(scope.repository)?;
            repository.manifest(reference)
        })
    }

    async fn tags(
        &self,
        scope: Scope<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Checked<Vec<Tag>>, MetadataError> {
        self.run_in(scope, |state| state.tags(scope.repository, after, limit))
    }

    async fn referrers(
        &self,
        scope: Scope<'_>,
        page: ReferrersPage<'_>,
    ) -> Result<Checked<Vec<RawDescriptor>>, MetadataError> {
        self.run_in(scope, |state| state.referrers(scope.repository, page))
    }

    async fn holders(
        &self,
        digest: &Digest,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, MetadataError> {
        self.run(|state| state.holders(digest, visible, after, limit))
    }

    async fn renew(&self, renewal: Renewal<'_>) -> Result<bool, MetadataError> {
        self.run(|state| state.renew(renewal))
    }

    async fn put_blob(
        &self,
        command: PutBlob<'_>,
    ) -> Result<Checked<PutBlobOutcome>, MetadataError> {
        let outcome = self.run_in(command.scope, |state| state.put_blob(command))?;
        match outcome {
            Checked::Current(outcome) => outcome.map(Checked::Current),
            Checked::Stale => Ok(Checked::Stale),
        }
    }

    async fn mount_blob(
        &self,
        command: MountBlob<'_>,
    ) -> Result<Checked<MountBlobOutcome>, MetadataError> {
        self.run(|state| {
            let current = state.is_current(command.from) && state.is_current(command.to);
            match current {
                true => Checked::Current(state.mount_blob(&command)),
                false => Checked::Stale,
            }
        })
    }

    async fn delete_blob(
        &self,
        command: DeleteBlob<'_>,
    ) -> Result<Checked<DeleteBlobOutcome>, MetadataError> {
        self.run_in(command.scope, |state| state.delete_blob(&command))
    }

    async fn put_manifest(
        &self,
        command: PutManifest<'_>,
    ) -> Result<Checked<PutManifestOutcome>, MetadataError> {
        self.run_in(command.scope, |state| state.put_manifest(&command))
    }

    async fn delete_tag(
        &self,
        command: DeleteTag<'_>,
    ) -> Result<Checked<DeleteTagOutcome>, MetadataError> {
        self.run_in(command.scope, |state| state.delete_tag(&command))
    }

    async fn delete_manifest(
        &self,
        command: DeleteManifest<'_>,
    ) -> Result<Checked<DeleteManifestOutcome>, MetadataError> {
        self.run_in(command.scope, |state| state.delete_manifest(&command))
    }

    async fn quarantine(
        &self,
        digest: &Digest,
        object: Option<&ObjectKey>,
    ) -> Result<bool, MetadataError> {
        self.run(|state| state.quarantine(digest, object))
    }
}
