//! How much each of many writers may hold back.
//!
//! Large blocks cost less, so a writer among few gathers much. What is granted is counted, and the less is
//! left the smaller is the next grant; so all writers together hold no more than a fixed amount, up to a
//! number of them at which blocks can get no smaller.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// What is granted to all writers together: what they gather, and what is on its way to the disk.
const TOGETHER: usize = 8 << 20;

/// The part of what is left that a grant takes.
const PART: usize = 4;

/// What one block has at most, and at least.
const MOST: usize = 1 << 20;
const LEAST: usize = 32 << 10;

/// What is granted.
#[derive(Default)]
pub(super) struct Budget(AtomicUsize);

/// A block's share, given back when it is dropped.
pub(super) struct Grant {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    /// One more share: a power of two, so that blocks fit each other.
    pub(super) fn grant(self: &Arc<Self>) -> Grant {
        let granted = self.0.load(Relaxed);
        let part = TOGETHER.saturating_sub(granted) / PART;
        let bytes = part.checked_ilog2().map_or(0, |power| 1 << power);
        let bytes = bytes.clamp(LEAST, MOST);
        // Two that ask at once may both be granted the same part: a block more than meant.
        self.0.fetch_add(bytes, Relaxed);
        Grant {
            budget: Arc::clone(self),
            bytes,
        }
    }
}

impl Grant {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// One more, for the same writer.
    pub(super) fn another(&self) -> Self {
        self.budget.grant()
    }

    /// Another one in place of this, as large as it may be now.
    pub(super) fn renewed(self) -> Self {
        let budget = Arc::clone(&self.budget);
        drop(self);
        budget.grant()
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hazard_34_many_writers_gather_less_each() {
        let budget = Arc::<Budget>::default();
        let mut grants: Vec<_> = (0..512).map(|_| budget.grant()).collect();
        let most = TOGETHER + 512 * LEAST;
        assert_eq!(grants[0].bytes(), MOST);
        assert_eq!(grants[511].bytes(), LEAST);
        assert!(grants.iter().map(Grant::bytes).sum::<usize>() <= most);
        for _ in 0..3 {
            grants = grants.into_iter().map(Grant::renewed).collect();
            assert!(grants.iter().map(Grant::bytes).sum::<usize>() <= most);
        }
        drop(grants);
        assert_eq!(budget.0.load(Relaxed), 0);
        assert_eq!(budget.grant().bytes(), MOST);
    }
}
