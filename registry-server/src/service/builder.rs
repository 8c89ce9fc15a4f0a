//! Putting a service together: settings are data, components are handed in.

use std::sync::Arc;

use registry_core::{Authenticator, Registry};

use super::{Door, RegistryService, Shared, Slots, request_id::RequestIds};
use crate::{
    limit::{RateLimits, Throttle},
    limits::Limits,
    observe::{AccessLog, Traffic, Watchers},
    operations::{MetricsFor, Operations},
    redirects::Redirects,
    respond::{Links, PublicUrl},
};

/// Builds a [`RegistryService`].
#[must_use = "call build"]
pub struct RegistryServiceBuilder {
    registry: Registry,
    authenticator: Option<Arc<dyn Authenticator>>,
    limits: Limits,
    public_url: Option<PublicUrl>,
    chunk_min_length: Option<u64>,
    redirects: Option<Redirects>,
    rates: RateLimits,
    watchers: Watchers,
    operations: Option<(Arc<Operations>, MetricsFor)>,
}

impl RegistryServiceBuilder {
    pub(super) fn new(registry: Registry) -> Self {
        Self {
            registry,
            authenticator: None,
            limits: Limits::default(),
            public_url: None,
            chunk_min_length: None,
            redirects: None,
            rates: RateLimits::default(),
            watchers: Watchers::default(),
            operations: None,
        }
    }

    /// Who tells callers apart. Without one everybody is anonymous, and credentials that a client
    /// sends anyway are not looked at.
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticator = Some(authenticator);
        self
    }

    /// Limits on what a client sends.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The address under which clients reach the registry. Addresses in answers are relative without
    /// one, and absolute with it.
    pub fn public_url(mut self, url: PublicUrl) -> Self {
        self.public_url = Some(url);
        self
    }

    /// Asks clients for chunks of at least so many bytes, all but the last (`OCI-Chunk-Min-Length`). It
    /// is advice: shorter ones are taken, too.
    pub fn chunk_min_length(mut self, bytes: u64) -> Self {
        self.chunk_min_length = Some(bytes);
        self
    }

    /// Sends some clients to the store for large blobs, where the registry has links to it. Nobody is sent there by
    /// default.
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = Some(redirects);
        self
    }

    /// Limits on how many requests are taken. There are none by default.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.rates = limits;
        self
    }

    /// Where requests are counted. Nobody counts them by default.
    pub fn traffic(mut self, traffic: Arc<Traffic>) -> Self {
        self.watchers.traffic = Some(traffic);
        self
    }

    /// Who is told of every request. Nobody is by default.
    pub fn access_log(mut self, log: Arc<dyn AccessLog>) -> Self {
        self.watchers.log = Some(log);
        self
    }

    /// Answers `/healthz` and `/readyz` beside the protocol, and tells figures at `/metrics` to some. These
    /// requests are neither counted nor limited nor logged.
    pub fn operations(mut self, operations: Arc<Operations>, metrics: MetricsFor) -> Self {
        self.operations = Some((operations, metrics));
        self
    }

    /// Builds it.
    #[must_use]
    pub fn build(self) -> RegistryService {
        let traffic = self.watchers.traffic.clone();
        let shared = Shared {
            registry: self.registry,
            door: Door::new(self.authenticator),
            limits: self.limits,
            links: Links::new(self.public_url),
            chunk_min_length: self.chunk_min_length,
            redirects: self.redirects,
            uploads: Slots::new(self.limits.uploads_per_caller, traffic),
            throttle: Throttle::new(&self.rates),
            watchers: Arc::new(self.watchers),
            operations: self.operations,
            ids: RequestIds::new(),
        };
        RegistryService {
            shared: Arc::new(shared),
        }
    }
}
