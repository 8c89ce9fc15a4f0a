//! The backend's time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use registry_core::{Clock, Timestamp};

/// The injected clock, which here never goes backwards: not within the process, and not behind what
/// an earlier one has committed.
pub(super) struct Time {
    clock: Arc<dyn Clock>,
    greatest: AtomicU64,
}

impl Time {
    pub(super) fn new(clock: Arc<dyn Clock>, committed: Timestamp) -> Self {
        let greatest = AtomicU64::new(committed.as_millis());
        Self { clock, greatest }
    }

    pub(super) fn now(&self) -> Timestamp {
        let now = self.clock.now().as_millis();
        let before = self.greatest.fetch_max(now, Ordering::Relaxed);
        Timestamp::from_millis(before.max(now))
    }
}
