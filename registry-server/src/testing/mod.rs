//! A registry for tests, in a line.
//!
//! It is the real thing: the engine over memory, the protocol over a real socket on a port of its
//! own, served from a thread of its own, so that it answers whatever the test's own runtime is doing,
//! and also where there is none. What it adds is what tests need: preloaded content, a log of what
//! the client did, and faults on demand.
//!
//! ```
//! use registry_server::testing::{Fault, On, TestRegistry};
//!
//! let registry = TestRegistry::blocking();
//! let image = registry.push_image("library/app", "v1", &[b"layer one"]);
//! registry.fault(On::get_manifest().times(2), Fault::too_many_requests(1));
//! println!("try it at {}, {}", registry.url(), image.digest());
//! assert!(registry.requests().is_empty());
//! ```

mod blocking;
mod builder;
mod fault;
mod image;
mod layout;
mod log;
mod service;
mod thread;
#[cfg(feature = "testing-tls")]
mod tls;

use std::{path::Path, sync::Arc};

use registry_core::{Descriptor, Digest, Registry};

pub use blocking::BlockingTestRegistry;
pub use builder::TestRegistryBuilder;
pub use fault::{Fault, On};
pub use image::Pushed;
pub use log::Request;

use image::Preloader;

/// A registry for tests. It stops when it is dropped.
///
/// Whatever is wrong in a test's own set-up (a name that is none, a directory that is not there)
/// panics with words that say so.
pub struct TestRegistry {
    url: String,
    engine: Registry,
    /// The same registry for preloading, whatever the policy says.
    open: Registry,
    shared: Arc<service::Shared>,
    #[cfg(feature = "testing-tls")]
    authority: Option<String>,
    /// Last, so that it outlives nothing above.
    _thread: thread::ServerThread,
}

impl TestRegistry {
    /// Starts one that lets everybody do everything.
    ///
    /// # Panics
    /// Where no port or thread can be had.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// The same for tests without a runtime.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn blocking() -> BlockingTestRegistry {
        Self::builder().blocking()
    }

    /// For one with users, a policy, TLS, a clock or settings of its own.
    pub fn builder() -> TestRegistryBuilder {
        TestRegistryBuilder::default()
    }

    /// Its address, like `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its host and port, as they stand in an image's reference.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url
            .split_once("://")
            .map_or(&self.url, |(_, host)| host)
    }

    /// The engine behind it, with its policy.
    #[must_use]
    pub fn engine(&self) -> &Registry {
        &self.engine
    }

    /// The certificate authority that a client must trust, as PEM; none without TLS.
    #[cfg(feature = "testing-tls")]
    #[must_use]
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Has something go wrong from now on.
    pub fn fault(&self, on: On, fault: Fault) {
        self.shared.faults.add(on, fault);
    }

    /// Has nothing go wrong any more.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// What clients did so far, in the order in which their answers began. Preloading is not part of
    /// it.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.log.all()
    }

    /// Forgets what clients did so far.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// Puts an image of these layers there.
    pub async fn push_image(&self, repository: &str, tag: &str, layers: &[&[u8]]) -> Pushed {
        self.preloader(repository).image(tag, layers).await
    }

    /// Puts an index of these images there.
    pub async fn push_index(&self, repository: &str, tag: &str, children: &[&Pushed]) -> Pushed {
        self.preloader(repository).index(tag, children).await
    }

    /// Puts an artifact of that type there, with one blob of content.
    pub async fn push_artifact(
        &self,
        repository: &str,
        tag: &str,
        artifact_type: &str,
        content: &[u8],
    ) -> Pushed {
        self.preloader(repository)
            .artifact(Some(tag), artifact_type, None, content)
            .await
    }

    /// Puts an artifact about a subject there, without a tag. The subject need not exist.
    pub async fn push_referrer(
        &self,
        repository: &str,
        subject: &Descriptor,
        artifact_type: &str,
        content: &[u8],
    ) -> Pushed {
        self.preloader(repository)
            .artifact(None, artifact_type, Some(subject), content)
            .await
    }

    /// Puts a blob there.
    pub async fn push_blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        self.preloader(repository)
            .blob("application/octet-stream", bytes)
            .await
            .digest
    }

    /// Puts everything there that an OCI image layout directory names, with its tags; answers the
    /// digests of the manifests in its index.
    pub async fn load_layout(&self, repository: &str, directory: impl AsRef<Path>) -> Vec<Digest> {
        layout::load(&self.preloader(repository), directory.as_ref()).await
    }

    fn preloader(&self, repository: &str) -> Preloader<'_> {
        Preloader::new(&self.open, repository)
    }
}

impl std::fmt::Debug for TestRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestRegistry")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
