//! One repository of a registry.

mod blob;
mod delete;
mod list;
mod manifest;
mod mount;
mod upload;

use http::{Method, StatusCode};
use registry_core::RepositoryName;

pub use self::blob::Blob;
pub use self::manifest::FetchedManifest;
use crate::auth::Scopes;
use crate::url::Url;
use crate::wire::{Answer, Call, Wire};
use crate::{Client, Result};

/// A repository of another registry. A clone shares everything.
#[derive(Clone)]
pub struct Repository {
    client: Client,
    name: RepositoryName,
}

impl Repository {
    pub(crate) fn new(client: Client, name: RepositoryName) -> Self {
        Self { client, name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &RepositoryName {
        &self.name
    }

    fn wire(&self) -> &Wire {
        &self.client.wire
    }

    fn url(&self, path: &str) -> Url {
        self.client.url(&format!("/v2/{}/{path}", self.name))
    }

    /// A HEAD: the answer, or nothing where there is nothing.
    async fn head(&self, url: Url) -> Result<Option<Answer>> {
        let call = Call::new(Method::HEAD, url, &Scopes::pull(&self.name));
        self.find(&call).await
    }

    async fn find(&self, call: &Call) -> Result<Option<Answer>> {
        let answer = self.wire().send(call).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.wire()
            .expect(answer, &[StatusCode::OK])
            .await
            .map(Some)
    }
}
