//! What the suite needs of a metadata backend.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use registry_core::{Clock, Timestamp, backend::Metadata};

use crate::ManualClock;

/// A metadata backend that is fresh and empty, the view that another process has of it, and its time.
///
/// How time is moved is the backend's business. One that takes a [`Clock`] is given a
/// [`ManualClock`], see [`LocalMetadata`]. One that asks a server for the time needs a setting there
/// that is added to it, which tests alone write: a row, say, that its function for the time adds to
/// the server's clock.
#[async_trait]
pub trait MetadataHarness: Send + Sync {
    /// The backend.
    fn metadata(&self) -> Arc<dyn Metadata>;

    /// The same backend, opened as by another process: it shares nothing with
    /// [`metadata`](Self::metadata) but what a file or a server would share. For a backend that
    /// lives in one process, itself.
    fn second(&self) -> Arc<dyn Metadata>;

    /// Moves the backend's time on. Time may pass besides; no clause minds a few minutes.
    async fn advance(&self, by: Duration);

    /// Sets the clock back from which the backend takes its time, as an operator or a bad time
    /// server would. Where that cannot happen to a backend, nothing need be done.
    async fn set_back(&self, by: Duration);
}

/// A backend that lives in one process and takes its time from the clock it is given.
pub struct LocalMetadata {
    metadata: Arc<dyn Metadata>,
    clock: ManualClock,
}

impl LocalMetadata {
    /// The backend that `open` makes with a clock that the suite moves.
    pub fn new(open: impl FnOnce(ManualClock) -> Arc<dyn Metadata>) -> Self {
        let clock = ManualClock::default();
        Self {
            metadata: open(clock.clone()),
            clock,
        }
    }
}

#[async_trait]
impl MetadataHarness for LocalMetadata {
    fn metadata(&self) -> Arc<dyn Metadata> {
        Arc::clone(&self.metadata)
    }

    fn second(&self) -> Arc<dyn Metadata> {
        Arc::clone(&self.metadata)
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    async fn set_back(&self, by: Duration) {
        let epoch = Timestamp::default();
        let earlier = self.clock.now().since(epoch).saturating_sub(by);
        self.clock.set(epoch.plus(earlier));
    }
}
