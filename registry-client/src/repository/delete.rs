//! Deleting.

use http::{Method, StatusCode};
use registry_core::{Digest, Reference, Tag};

use super::Repository;
use crate::Result;
use crate::auth::Scopes;
use crate::url::Url;
use crate::wire::{Budget, Call};

impl Repository {
    /// Deletes a tag; what it pointed at stays.
    ///
    /// # Errors
    /// When the registry refuses, or there is none.
    pub async fn delete_tag(&self, tag: &Tag) -> Result<()> {
        self.delete(self.manifest_url(&Reference::Tag(tag.clone())))
            .await
    }

    /// Deletes a manifest, and so every tag that points at it.
    ///
    /// # Errors
    /// When the registry refuses, or there is none.
    pub async fn delete_manifest(&self, digest: &Digest) -> Result<()> {
        self.delete(self.manifest_url(&Reference::Digest(digest.clone())))
            .await
    }

    /// Deletes a blob.
    ///
    /// # Errors
    /// When the registry refuses, or there is none.
    pub async fn delete_blob(&self, digest: &Digest) -> Result<()> {
        self.delete(self.url(&format!("blobs/{digest}"))).await
    }

    async fn delete(&self, url: Url) -> Result<()> {
        let call = Call::new(Method::DELETE, url, &Scopes::delete(&self.name));
        let mut budget = Budget::default();
        let answer = self.wire().send_within(&call, &mut budget).await?;
        if budget.is_touched() && answer.status() == StatusCode::NOT_FOUND {
            // The first try was carried out; its answer was lost.
            return Ok(());
        }
        let statuses = [StatusCode::ACCEPTED, StatusCode::OK, StatusCode::NO_CONTENT];
        self.wire().expect(answer, &statuses).await.map(drop)
    }
}
