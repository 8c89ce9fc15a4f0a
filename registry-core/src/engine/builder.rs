//! Putting a registry together: settings are data, components are handed in.

use std::sync::Arc;

use super::{
    Inner, Registry, Settings, figures::Kept, pulls::PullCounter, session::Sessions,
    signal::Signal, token::TokenKeys,
};
use crate::{
    backend::{BlobStore, Identity, LinkStore, Metadata, MetadataError},
    digest::Algorithms,
    hooks::Hooks,
    policy::Policy,
    random::Random,
    spawn::Spawn,
};

/// Builds a [`Registry`]. Backends, policy, randomness and spawner have no default: where an
/// embedder forgot one, [`build`](Self::build) says which.
#[derive(Default)]
pub struct Builder {
    blobs: Option<Arc<dyn BlobStore>>,
    links: Option<Arc<dyn LinkStore>>,
    metadata: Option<Arc<dyn Metadata>>,
    policy: Option<Arc<dyn Policy>>,
    hooks: Option<Arc<dyn Hooks>>,
    random: Option<Arc<dyn Random>>,
    spawner: Option<Arc<dyn Spawn>>,
    algorithms: Algorithms,
    settings: Settings,
    record_changes: bool,
}

/// Why a registry cannot be built.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BuildError {
    /// A component is missing.
    #[error("the registry has no {0}: give the builder one")]
    Missing(&'static str),
    /// The metadata backend does not answer.
    #[error("the metadata backend does not answer: {0}")]
    Metadata(#[from] MetadataError),
}

impl Builder {
    /// Where large content is kept.
    #[must_use]
    pub fn blobs(mut self, blobs: Arc<dyn BlobStore>) -> Self {
        self.blobs = Some(blobs);
        self
    }

    /// What makes links to large content, for those who send clients there. None by default.
    #[must_use]
    pub fn links(mut self, links: Arc<dyn LinkStore>) -> Self {
        self.links = Some(links);
        self
    }

    /// Where everything else is kept.
    #[must_use]
    pub fn metadata(mut self, metadata: Arc<dyn Metadata>) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Who may do what.
    #[must_use]
    pub fn policy(mut self, policy: impl Policy + 'static) -> Self {
        self.policy = Some(Arc::new(policy));
        self
    }

    /// Who may veto. None by default.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks + 'static) -> Self {
        self.hooks = Some(Arc::new(hooks));
        self
    }

    /// Where unguessable bytes come from.
    #[must_use]
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Some(Arc::new(random));
        self
    }

    /// What runs a commit to its end when its caller went away.
    #[must_use]
    pub fn spawner(mut self, spawner: impl Spawn + 'static) -> Self {
        self.spawner = Some(Arc::new(spawner));
        self
    }

    /// The digest algorithms to accept: sha256 and sha512 by default.
    #[must_use]
    pub fn algorithms(mut self, algorithms: Algorithms) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// All settings.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Whether changes are recorded, to be told by [`Registry::deliver_changes`]. Whoever turns it on
    /// must have them told, for they are kept until then. Off by default.
    #[must_use]
    pub fn record_changes(mut self, record: bool) -> Self {
        self.record_changes = record;
        self
    }

    /// Builds it.
    ///
    /// # Errors
    /// Names the component that is missing, or says that the metadata backend does not answer.
    pub async fn build(self) -> Result<Registry, BuildError> {
        let metadata = self
            .metadata
            .ok_or(BuildError::Missing("metadata backend"))?;
        let random = self
            .random
            .ok_or(BuildError::Missing("source of randomness"))?;
        let identity = metadata.identity(Identity::fresh(&*random)).await?;
        let inner = Inner {
            blobs: self.blobs.ok_or(BuildError::Missing("blob store"))?,
            links: self.links,
            metadata,
            policy: self.policy.ok_or(BuildError::Missing("policy"))?,
            hooks: self.hooks,
            random,
            spawner: self.spawner.ok_or(BuildError::Missing("spawner"))?,
            algorithms: self.algorithms,
            settings: self.settings,
            record_changes: self.record_changes,
            tokens: TokenKeys::new(&identity),
            sessions: Arc::new(Sessions::default()),
            pulls: PullCounter::default(),
            changed: Signal::default(),
            scrubs: super::scrub::Turns::default(),
            figures: Kept::default(),
            collecting: futures_util::lock::Mutex::default(),
            holder: std::sync::OnceLock::new(),
        };
        Ok(Registry {
            inner: Arc::new(inner),
        })
    }
}
