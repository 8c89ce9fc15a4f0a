//! Work that may hang, and is never begun twice.
//!
//! A disk that does not answer holds the thread that asked it. Whoever asks again and again must not hold
//! one more each time, so a piece of work that did not end in time is waited for again, not begun anew.

use std::time::Duration;

use tokio::{task::JoinHandle, time::timeout};

/// A piece of work, where it runs.
pub(super) struct Ongoing<T>(Option<JoinHandle<T>>);

/// It is not done: it still runs, or it panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Undone;

impl<T> Ongoing<T> {
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// What the work comes to, if it ends in time. It is begun if it does not run.
    pub(super) async fn within(
        &mut self,
        limit: Duration,
        begin: impl FnOnce() -> JoinHandle<T>,
    ) -> Result<T, Undone> {
        let running = self.0.get_or_insert_with(begin);
        let ended = timeout(limit, running).await.map_err(|_| Undone)?;
        self.0 = None;
        ended.map_err(|_| Undone)
    }
}
