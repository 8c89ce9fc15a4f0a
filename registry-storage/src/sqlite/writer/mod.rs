//! The one that writes.
//!
//! A thread of its own takes whatever commands wait, runs each in a savepoint of one transaction,
//! commits once, and answers all. So many commands share one sync, and the more there are at once the
//! more they share, without anybody waiting for company. A transaction per command under a lock was
//! the alternative: each would pay for a sync of its own, and they could only queue.

mod command;
mod figures;
mod group;
#[cfg(test)]
mod tests;

use std::{
    io,
    sync::Arc,
    thread::{Builder, JoinHandle},
};

use registry_core::backend::{MetadataError, MetadataErrorKind};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use self::{
    command::{Call, Command},
    group::Groups,
};
use super::{
    error::Failure,
    readers::Readers,
    time::Time,
    transaction::{Counters, Transaction},
};
use figures::Committed;
pub use figures::{CommitCounts, CommitFigures, Spread};

/// Commands that may wait; more wait to be let in.
const QUEUE: usize = 1024;

/// Commands of one transaction at most.
const GROUP: usize = 256;

/// The queue to the thread that writes.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Command>>>,
    thread: Option<JoinHandle<()>>,
    committed: Arc<Committed>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        counters: Counters,
        time: Arc<Time>,
        readers: Arc<Readers>,
    ) -> io::Result<Self> {
        let (queue, mut waiting) = mpsc::channel::<Box<dyn Command>>(QUEUE);
        let committed = Arc::new(Committed::default());
        let mut groups = Groups::new(connection, counters, time, readers, Arc::clone(&committed));
        let thread = Builder::new().name("metadata".to_owned()).spawn(move || {
            let mut group = Vec::with_capacity(GROUP);
            while waiting.blocking_recv_many(&mut group, GROUP) > 0 {
                groups.commit(&mut group);
                groups.checkpoint();
            }
        })?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            committed,
        })
    }

    /// Has a command run, and answers once it is committed.
    ///
    /// A command that waits when its caller goes away is run all the same.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, MetadataError> {
        let (answer, answered) = oneshot::channel();
        let call: Box<dyn Command> = Box::new(Call::new(command, answer));
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(call).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| lost())?
    }

    pub(super) fn figures(&self) -> CommitFigures {
        self.committed.figures()
    }

    /// For a thread that waits. While there is one the writer does not end.
    #[cfg(feature = "directory")]
    pub(super) fn handle(&self) -> Handle {
        Handle(self.queue.clone())
    }
}

/// A way to the thread that writes, for a thread of its own.
#[cfg(feature = "directory")]
pub(super) struct Handle(Option<mpsc::Sender<Box<dyn Command>>>);

#[cfg(feature = "directory")]
impl Handle {
    /// Has a command run, and answers once it is committed. It blocks.
    pub(super) fn run<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, MetadataError> {
        let (answer, answered) = oneshot::channel();
        let call: Box<dyn Command> = Box::new(Call::new(command, answer));
        let queue = self.0.as_ref().ok_or_else(stopped)?;
        queue.blocking_send(call).map_err(|_| stopped())?;
        answered.blocking_recv().map_err(|_| lost())?
    }
}

/// What was accepted is committed first.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has dropped its answers, and so told everybody.
            let _ = thread.join();
        }
    }
}

fn stopped() -> MetadataError {
    let message = "the thread that writes metadata has stopped";
    MetadataError::new(MetadataErrorKind::Unavailable, message)
}

fn lost() -> MetadataError {
    let message = "the thread that writes metadata stopped before it answered";
    MetadataError::new(MetadataErrorKind::Unknown, message)
}
