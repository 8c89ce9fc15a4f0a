//! What the registry does by itself, in figures, for whoever watches it.

use super::{Inner, Registry, Stopped};
use crate::{
    clock::Timestamp,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What the registry has done by itself since it was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Collection.
    pub collector: CollectorFigures,
    /// Reading everything again.
    pub scrub: ScrubFigures,
    /// Contents taken out of sight because their bytes are wrong.
    pub quarantined: u64,
    /// So much was found wrong at once that the store itself is in doubt: nothing is taken out of sight any
    /// more until somebody has looked, and the registry should not be sent requests.
    pub quarantine_stopped: bool,
}

/// Collection in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectorFigures {
    /// Whole rounds.
    pub rounds: u64,
    /// Rounds left to another process, or for later.
    pub left: u64,
    /// Steps that a backend did not answer.
    pub failures: u64,
    /// When a round was whole last.
    pub last_success: Option<Timestamp>,
    /// What it is at.
    pub phase: CollectorPhase,
    /// Rows found unneeded.
    pub condemned: u64,
    /// Rows removed.
    pub removed: u64,
    /// Bytes of contents removed.
    pub removed_bytes: u64,
    /// Objects deleted from the store.
    pub objects_deleted: u64,
    /// Upload sessions that nobody wrote to.
    pub expired_uploads: u64,
    /// Objects that nothing named, in the last round.
    pub orphans: u64,
    /// Those given up.
    pub orphans_doomed: u64,
    /// Why the last round left them alone, where it did.
    pub stopped: Option<Stopped>,
}

/// What the collector is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CollectorPhase {
    /// Nothing.
    #[default]
    Idle,
    /// Ending uploads that nobody writes to.
    Expire,
    /// Looking for what nothing needs.
    Condemn,
    /// Removing what has not been needed for the grace period.
    Remove,
    /// Looking for objects that nothing names.
    Sweep,
    /// Giving up what was kept aside for long enough.
    Release,
    /// Deleting objects.
    Delete,
}

/// Reading everything again, in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScrubFigures {
    /// Whole runs.
    pub runs: u64,
    /// When a run was whole last.
    pub last_success: Option<Timestamp>,
    /// Whether one is under way.
    pub running: bool,
    /// Contents and manifests read.
    pub read: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// What was found wrong.
    pub findings: u64,
}

/// The figures as they grow.
#[derive(Default)]
pub(super) struct Kept(Mutex<Figures>);

impl Kept {
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Figures) -> T) -> T {
        change(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// What it has done by itself so far.
    pub fn figures(&self) -> Figures {
        let mut figures = self.inner.figures.lock().clone();
        figures.scrub.running = self.inner.scrubs.is_taken();
        figures
    }
}

impl Inner {
    /// Whether nothing is taken out of sight any more.
    pub(super) fn quarantine_stopped(&self) -> bool {
        self.figures.lock().quarantine_stopped
    }
}
