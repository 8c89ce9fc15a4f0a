//! `Registry`, the engine: every operation, a file each.
//!
//! An operation begins with a permission: [`Registry::open`] asks the policy and hands out a handle
//! for one action, and only the handle has methods. The handle remembers the versions of the facts
//! the policy saw; each command compares them in the transaction that does the work, and where they
//! differ the policy is asked again. So a right taken away is gone with the next request, and no
//! caller can forget a check.

mod access;
mod administer;
mod budget;
mod builder;
mod catalog;
mod collect;
mod delete;
mod error;
mod figures;
mod lease;
mod page;
mod pull;
mod pulls;
mod push;
mod quarantine;
mod scrub;
mod session;
mod settings;
mod signal;
mod tell;
mod token;

use std::sync::Arc;

use crate::{
    backend::{BlobStore, LinkStore, Metadata, Origin},
    caller::Caller,
    digest::Algorithms,
    hooks::Hooks,
    name::RepositoryName,
    policy::Policy,
    random::Random,
    spawn::Spawn,
};

pub use access::Opening;
pub use administer::Administer;
pub use budget::{Budget, Timer, Work};
pub use builder::{BuildError, Builder};
pub use collect::{CollectReport, Collector, Progress, Stopped};
pub use delete::Delete;
pub use error::{BodyError, Error, Result};
pub use figures::{CollectorFigures, CollectorPhase, Figures, ScrubFigures};
pub use lease::Turn;
pub use page::{Page, PageRequest};
pub use pull::{Blob, BlobBody, Pull, StoredManifest};
pub use push::{Body, ManifestPush, Push, PushedBlob, PushedManifest, Trust, Upload, UploadStatus};
pub use scrub::{Finding, ScrubError, ScrubOptions, ScrubReport, Scrubber};
pub use settings::{OrphanSettings, QuarantineSettings, References, Settings};

/// A container registry. Cheap to clone; clones are the same registry.
///
/// It does no I/O of its own and knows no runtime: its backends, its policy, time, randomness and
/// the means to run a task to its end come through the [`Builder`].
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    blobs: Arc<dyn BlobStore>,
    links: Option<Arc<dyn LinkStore>>,
    metadata: Arc<dyn Metadata>,
    policy: Arc<dyn Policy>,
    hooks: Option<Arc<dyn Hooks>>,
    random: Arc<dyn Random>,
    spawner: Arc<dyn Spawn>,
    algorithms: Algorithms,
    settings: Settings,
    record_changes: bool,
    tokens: token::TokenKeys,
    sessions: Arc<session::Sessions>,
    pulls: pulls::PullCounter,
    changed: signal::Signal,
    figures: figures::Kept,
    scrubs: scrub::Turns,
    /// Held by whoever does a step of collection, or a round of it that is waited for.
    collecting: futures_util::lock::Mutex<()>,
    /// Who this is where processes take turns.
    holder: std::sync::OnceLock<String>,
}

impl Registry {
    /// Begins to build a registry.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What it is set to.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The digest algorithms it knows.
    pub fn algorithms(&self) -> &Algorithms {
        &self.inner.algorithms
    }

    /// Turns to a repository on behalf of a caller. The answer hands out what the policy allows.
    pub fn open(&self, caller: &Caller, name: &RepositoryName) -> Opening {
        Opening::new(Arc::clone(&self.inner), caller.clone(), name.clone())
    }
}

impl Inner {
    fn canonical(&self, name: &RepositoryName) -> RepositoryName {
        if self.settings.library_alias {
            name.canonical()
        } else {
            name.clone()
        }
    }

    fn origin<'a>(&self, caller: &'a Caller) -> Origin<'a> {
        Origin {
            actor: caller.name(),
            record: self.record_changes,
        }
    }

    /// The registry's own doing.
    fn own_origin(&self) -> Origin<'static> {
        Origin {
            actor: None,
            record: self.record_changes,
        }
    }
}
