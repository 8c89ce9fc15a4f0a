//! Mounting a blob from another repository of the same registry.

use http::{Method, StatusCode};
use registry_core::{Digest, RepositoryName};

use super::Repository;
use crate::Result;
use crate::auth::Scopes;
use crate::wire::{Answer, Call};

impl Repository {
    /// Makes a blob of another repository one of this repository, without sending it. Whether the
    /// registry did; where not, the blob has to be pushed.
    ///
    /// # Errors
    /// When the registry refuses more than the mount.
    pub async fn mount(&self, digest: &Digest, from: &RepositoryName) -> Result<bool> {
        let url = self
            .url("blobs/uploads/")
            .with_query("mount", digest.as_str())
            .with_query("from", from.as_str());
        let scopes = Scopes::push(&self.name).and(Scopes::pull(from));
        let answer = self
            .wire()
            .send(&Call::new(Method::POST, url, &scopes))
            .await?;
        let statuses = [StatusCode::CREATED, StatusCode::ACCEPTED];
        let answer = self.wire().expect(answer, &statuses).await?;
        if answer.status() == StatusCode::CREATED {
            return Ok(true);
        }
        self.leave(&answer).await;
        Ok(false)
    }

    /// Cancels the upload that a refused mount has begun. Registries expire those that are not.
    async fn leave(&self, answer: &Answer) {
        if let Ok(location) = answer.location() {
            let call = Call::new(Method::DELETE, location, &Scopes::push(&self.name));
            let _ = self.wire().send(&call).await;
        }
    }
}
