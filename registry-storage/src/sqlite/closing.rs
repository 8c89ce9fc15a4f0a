//! A database that takes no more writes, while it is read on.

use std::sync::{Arc, Mutex, PoisonError};

use registry_core::backend::MetadataError;

use super::{SqliteMetadata, error::Failure};

/// Why no writes are taken, where none are.
#[derive(Default)]
pub(super) struct Closed(Mutex<Option<String>>);

impl Closed {
    /// Asked by each command when it is its turn, in the thread that writes.
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(why) => Err(Failure::Closed(why.clone())),
        }
    }

    fn set(&self, why: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// While it is there, no writes are taken. Dropped, it lets them in again.
pub struct Closing {
    closed: Arc<Closed>,
    ends: bool,
}

impl Closing {
    /// Takes no writes as long as the database is open, and says this from now on.
    pub fn for_good(mut self, why: &str) {
        self.closed.set(Some(why.to_owned()));
        self.ends = false;
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if self.ends {
            self.closed.set(None);
        }
    }
}

impl SqliteMetadata {
    /// Takes no writes from now on, and tells whoever comes with one why. When it answers, every write that was or
    /// will be told done is committed and seen by every read: each command asks when it is its turn, and one that
    /// was let in before has its turn before the one that this waits for.
    ///
    /// # Errors
    /// Where the thread that writes has stopped.
    pub async fn close_to_writes(&self, why: &str) -> Result<Closing, MetadataError> {
        self.closed_to_writes.set(Some(why.to_owned()));
        let closing = Closing {
            closed: Arc::clone(&self.closed_to_writes),
            ends: true,
        };
        self.writer.run(|_| Ok(())).await?;
        Ok(closing)
    }
}
