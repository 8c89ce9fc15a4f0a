//! Deleting.

use registry_core::{
    Tag,
    backend::{
        DeleteBlob, DeleteBlobOutcome, DeleteManifest, DeleteManifestOutcome, DeleteTag,
        TagCondition,
    },
};

use super::{
    Client,
    name::{NOBODY, blob_of, digest_of, manifest_of, repository_of, scope},
};

impl Client {
    /// Deletes a blob.
    pub async fn delete_blob(&self, repository: &str, digest: &str) {
        let name = repository_of(repository);
        let command = DeleteBlob {
            scope: scope(&name),
            digest: &digest_of(digest),
            origin: NOBODY,
        };
        let outcome = self.metadata.delete_blob(command).await;
        let deleted = outcome == DeleteBlobOutcome::Deleted;
        self.note_deleted(deleted, blob_of(repository, digest))
            .await;
    }

    /// Deletes a manifest.
    pub async fn delete_manifest(&self, repository: &str, digest: &str) {
        let name = repository_of(repository);
        let command = DeleteManifest {
            scope: scope(&name),
            digest: &digest_of(digest),
            origin: NOBODY,
        };
        let outcome = self.metadata.delete_manifest(command).await;
        let deleted = matches!(outcome, DeleteManifestOutcome::Deleted { .. });
        let thing = manifest_of(repository, digest);
        self.note_deleted(deleted, thing).await;
    }

    /// Deletes a tag. What it pointed at is not deleted.
    pub async fn delete_tag(&self, repository: &str, tag: &str) {
        let name = repository_of(repository);
        let command = DeleteTag {
            scope: scope(&name),
            tag: &Tag::parse(tag).expect("a letter is a tag"),
            condition: TagCondition::Any,
            origin: NOBODY,
        };
        self.metadata.delete_tag(command).await;
    }
}
