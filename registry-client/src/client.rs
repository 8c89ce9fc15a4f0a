//! A registry to speak to.

use std::sync::Arc;

use http::{Method, StatusCode};
use registry_core::{Algorithms, RepositoryName};

use crate::auth::Scopes;
use crate::pages::{Listing, Pages};
use crate::url::Url;
use crate::wire::{Call, Wire};
use crate::{Builder, Repository, Result};

/// Speaks to one registry. A clone shares connections and tokens.
///
/// ```no_run
/// use registry_client::Client;
/// use registry_core::{Reference, RepositoryName, Secret};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder("http://127.0.0.1:5000")
///     .credentials("ann", Secret::new("s3cret".to_owned()))
///     .build()?;
/// let repository = client.repository(&RepositoryName::parse("library/app")?);
/// let manifest = repository.manifest(&Reference::parse("v1")?).await?;
/// println!("{} {}", manifest.digest, manifest.media_type);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) wire: Arc<Wire>,
    pub(crate) algorithms: Algorithms,
    pub(crate) chunk_size: Option<u64>,
}

impl Client {
    /// A client of the registry at an address such as `https://registry.example.com`.
    pub fn builder(base_url: impl Into<String>) -> Builder {
        Builder::new(base_url.into())
    }

    /// A repository of this registry. Nothing is sent.
    #[must_use]
    pub fn repository(&self, name: &RepositoryName) -> Repository {
        Repository::new(self.clone(), name.clone())
    }

    /// Whether a registry answers here and takes the credentials.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        let call = Call::new(Method::GET, self.url("/v2/"), &Scopes::default());
        let answer = self.wire.send(&call).await?;
        self.wire.expect(answer, &[StatusCode::OK]).await.map(drop)
    }

    /// The repositories that the registry lists, page by page.
    #[must_use]
    pub fn catalog(&self) -> Pages<RepositoryName> {
        let listing = Listing::new(self.url("/v2/_catalog"), Scopes::catalog());
        Pages::new(self.clone(), listing, |body| {
            #[derive(serde::Deserialize)]
            struct Catalog {
                repositories: Option<Vec<RepositoryName>>,
            }
            let catalog: Catalog = serde_json::from_slice(body)?;
            Ok(catalog.repositories.unwrap_or_default())
        })
    }

    /// An address of this registry.
    pub(crate) fn url(&self, path: &str) -> Url {
        Url::new(self.wire.origin.clone(), path.to_owned())
    }
}
