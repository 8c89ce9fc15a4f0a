//! Holding deletions: for as long as a copy is made of what the database names.
//!
//! While somebody holds, the database hands out no object to be deleted; those that are given up
//! meanwhile wait in their rows. What was handed out before is no harm: a key that was given up before
//! the hold is named by no snapshot after it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::SqliteMetadata;

/// How many hold.
#[derive(Default)]
pub(super) struct Holds(Arc<AtomicUsize>);

/// Objects are not handed out to be deleted until this is dropped.
#[derive(Debug)]
pub struct DeletionHold(Arc<AtomicUsize>);

impl SqliteMetadata {
    /// Has no object handed out for deletion until the answer is dropped.
    #[must_use]
    pub fn hold_deletions(&self) -> DeletionHold {
        self.holds.take()
    }
}

impl Holds {
    fn take(&self) -> DeletionHold {
        self.0.fetch_add(1, Ordering::SeqCst);
        DeletionHold(Arc::clone(&self.0))
    }

    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Drop for DeletionHold {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
