//! A test registry with parts of its own.

use std::sync::Arc;

use registry_auth::{BasicUsers, SignedIn};
use registry_core::{
    AllowAll, Authenticator, Builder, Clock, Policy, Registry, Secret, Settings, SystemClock,
    backend::{BlobStore, Metadata},
};
use registry_storage::{
    SystemRandom,
    memory::{MemoryBlobs, MemoryMetadata},
};

use super::{
    BlockingTestRegistry, TestRegistry,
    blocking::block_on,
    fault::Plan,
    log::Log,
    service::{Shared, TestService},
    thread::ServerThread,
};
use crate::{Limits, RegistryService, TokioSpawner};

/// Builds a [`TestRegistry`].
#[must_use = "call start or blocking"]
#[derive(Default)]
pub struct TestRegistryBuilder {
    users: Option<BasicUsers>,
    authenticator: Option<Arc<dyn Authenticator>>,
    policy: Option<Arc<dyn Policy>>,
    clock: Option<Arc<dyn Clock>>,
    blobs: Option<Arc<dyn BlobStore>>,
    metadata: Option<Arc<dyn Metadata>>,
    settings: Settings,
    limits: Limits,
    seed: u64,
    #[cfg(feature = "testing-tls")]
    tls: bool,
}

impl TestRegistryBuilder {
    /// Adds a user who signs in by Basic authentication. Unless a policy says otherwise, whoever is
    /// signed in may do everything then, and others pull what is public.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        let users = self
            .users
            .unwrap_or_else(|| BasicUsers::new("test registry"));
        self.users = Some(users.user(name, &Secret::new(password.to_owned())));
        self
    }

    /// Another way to tell callers apart.
    pub fn authenticator(mut self, authenticator: impl Authenticator + 'static) -> Self {
        self.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Another policy. Preloading is not subject to it.
    pub fn policy(mut self, policy: impl Policy + 'static) -> Self {
        self.policy = Some(Arc::new(policy));
        self
    }

    /// Refuses every change but preloading.
    pub fn read_only(self) -> Self {
        self.policy(registry_auth::ReadOnly(AllowAll))
    }

    /// Another clock than the system's, a [`ManualClock`](registry_storage::ManualClock) for example.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Another store of blobs, a faulty one for example.
    pub fn blobs(mut self, blobs: Arc<dyn BlobStore>) -> Self {
        self.blobs = Some(blobs);
        self
    }

    /// Another metadata backend.
    pub fn metadata(mut self, metadata: Arc<dyn Metadata>) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// The engine's settings.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The protocol's limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The seed from which faults with a probability are drawn; 0 unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Serves HTTPS, with a certificate of an authority made for this registry alone.
    #[cfg(feature = "testing-tls")]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// Where no port or thread can be had, or a backend does not answer.
    pub async fn start(self) -> TestRegistry {
        #[cfg(feature = "testing-tls")]
        let tls = self.tls.then(super::tls::Identity::generate);
        let thread = ServerThread::start();
        let spawner = TokioSpawner::new(thread.runtime().clone());
        let authenticator = self.authenticator.or_else(|| {
            self.users
                .clone()
                .map(|users| Arc::new(users) as Arc<dyn Authenticator>)
        });
        let policy = self.policy.unwrap_or_else(|| match self.users {
            Some(_) => Arc::new(SignedIn),
            None => Arc::new(AllowAll),
        });
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let blobs = self
            .blobs
            .unwrap_or_else(|| Arc::new(MemoryBlobs::default()));
        let metadata = self
            .metadata
            .unwrap_or_else(|| Arc::new(MemoryMetadata::new(clock)));
        let parts = || {
            Registry::builder()
                .blobs(Arc::clone(&blobs))
                .metadata(Arc::clone(&metadata))
                .random(SystemRandom)
                .spawner(spawner.clone())
                .settings(self.settings.clone())
        };
        let engine = build(parts().policy(policy)).await;
        let open = build(parts().policy(AllowAll)).await;
        let mut service = RegistryService::builder(engine.clone()).limits(self.limits);
        if let Some(authenticator) = authenticator {
            service = service.authenticator(authenticator);
        }
        let shared = Arc::new(Shared {
            faults: Plan::new(self.seed),
            log: Log::default(),
        });
        let service = TestService::new(service.build(), Arc::clone(&shared));
        #[cfg(feature = "testing-tls")]
        let config = tls.as_ref().map(super::tls::Identity::server_config);
        let (thread, url) = thread.serve(
            service,
            #[cfg(feature = "testing-tls")]
            config,
        );
        TestRegistry {
            url,
            engine,
            open,
            shared,
            #[cfg(feature = "testing-tls")]
            authority: tls.map(super::tls::Identity::into_authority),
            _thread: thread,
        }
    }

    /// Starts it for tests without a runtime.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn blocking(self) -> BlockingTestRegistry {
        BlockingTestRegistry::new(block_on(self.start()))
    }
}

async fn build(parts: Builder) -> Registry {
    parts
        .build()
        .await
        .unwrap_or_else(|error| panic!("the test registry: {error}"))
}
