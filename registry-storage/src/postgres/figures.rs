//! What an operator wants to see of it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::PostgresMetadata;

/// Connections of a process to its database, and who waits for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Connections that nothing uses.
    pub idle: u64,
    /// Connections that a command uses.
    pub used: u64,
    /// Commands that wait for one.
    pub waiting: u64,
}

/// What is amiss, as this process has seen it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostgresFigures {
    /// How often counted pulls could not be folded. They are counted, and wait in rows of their own.
    pub folds_failed: u64,
    /// Passes of the collector that wait for transactions older than them to end, when this was looked at
    /// last. Where they grow, something in the server has a transaction open, and nothing is removed.
    pub unsettled: u64,
    /// Listings that the standby answered, where there is one.
    pub listed_by_standby: u64,
    /// Listings that the primary answered though there is a standby: that was away, or too far behind.
    pub listed_by_primary: u64,
}

/// The figures as they change.
#[derive(Default)]
pub(super) struct Noted {
    folds_failed: AtomicU64,
    unsettled: AtomicU64,
    listed_by_standby: AtomicU64,
    listed_by_primary: AtomicU64,
}

impl Noted {
    pub(super) fn fold_failed(&self) {
        self.folds_failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unsettled(&self, passes: u64) {
        self.unsettled.store(passes, Ordering::Relaxed);
    }

    pub(super) fn listed(&self, by_standby: bool) {
        let listed = match by_standby {
            true => &self.listed_by_standby,
            false => &self.listed_by_primary,
        };
        listed.fetch_add(1, Ordering::Relaxed);
    }
}

impl PostgresMetadata {
    /// The connections of this process.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let status = self.pool.status();
        Connections {
            idle: status.available as u64,
            used: status.size.saturating_sub(status.available) as u64,
            waiting: status.waiting as u64,
        }
    }

    /// What is amiss.
    #[must_use]
    pub fn figures(&self) -> PostgresFigures {
        PostgresFigures {
            folds_failed: self.noted.folds_failed.load(Ordering::Relaxed),
            unsettled: self.noted.unsettled.load(Ordering::Relaxed),
            listed_by_standby: self.noted.listed_by_standby.load(Ordering::Relaxed),
            listed_by_primary: self.noted.listed_by_primary.load(Ordering::Relaxed),
        }
    }
}
