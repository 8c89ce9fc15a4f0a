//! How much of parts all writers together hold in memory.
//!
//! A share is for a whole part, and is taken before the part is gathered. Taking bytes as they come was
//! the alternative: then many writers may each hold half a part while no room is left for the other
//! half, and none of them ever goes on. As it is, nobody waits for ever: whoever waits for a share holds
//! others only of parts that are on their way, which end by themselves; and whoever gathers has all the
//! room that it needs to send what it gathers. It waits for nothing but its client, whom the server cuts
//! off when it is too slow. Shares are given in the order in which they were asked for.

use std::sync::Arc;

use registry_core::backend::{StoreError, StoreErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is counted, so that a large budget fits the semaphore.
const UNIT: u64 = 1 << 10;

/// Room for one part, given back when it is dropped.
pub(super) type Share = OwnedSemaphorePermit;

/// What is left to be granted.
pub(super) struct Budget {
    units: Arc<Semaphore>,
    all: u32,
}

impl Budget {
    pub(super) fn new(bytes: u64) -> Self {
        let all = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).max(1);
        let all = all.min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
        Self {
            units: Arc::new(Semaphore::new(all as usize)),
            all,
        }
    }

    /// Waits for room for a part of so many bytes. A part larger than all there is gets all there is.
    pub(super) async fn share(&self, part: u64) -> Result<Share, StoreError> {
        let units = u32::try_from(part.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.units).acquire_many_owned(units.min(self.all));
        let closed = |_| StoreError::new(StoreErrorKind::Unavailable, "the budget was closed");
        share.await.map_err(closed)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn now(budget: &Budget, part: u64) -> Option<Share> {
        budget.share(part).now_or_never().map(Result::unwrap)
    }

    #[test]
    fn hazard_34_no_more_is_granted_than_there_is() {
        let budget = Budget::new(8 << 10);
        let first = now(&budget, 4 << 10).unwrap();
        let second = now(&budget, 4 << 10).unwrap();
        assert!(now(&budget, 4 << 10).is_none());
        drop(first);
        let third = now(&budget, 4 << 10).unwrap();
        drop((second, third));
        assert!(now(&budget, 8 << 10).is_some());
    }

    #[test]
    fn a_part_larger_than_the_budget_is_granted_alone() {
        let budget = Budget::new(8 << 10);
        let all = now(&budget, 1 << 40).unwrap();
        assert!(now(&budget, 1).is_none());
        drop(all);
        assert!(now(&Budget::new(0), 1 << 40).is_some());
    }
}
