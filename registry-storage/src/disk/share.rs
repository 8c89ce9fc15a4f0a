//! How much each of many writers may hold back.
//!
//! Large blocks cost less, so a writer among few gathers much; but all writers together hold no more
//! than a fixed amount, up to a number of them at which blocks can get no smaller.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// What all writers together may gather. As much again may be on its way to the disk.
const TOGETHER: usize = 8 << 20;

/// What one of them gathers at most, and at least.
const MOST: usize = 1 << 20;
const LEAST: usize = 32 << 10;

/// A writer's share, given back when it is dropped.
pub(super) struct Share(Arc<AtomicUsize>);

impl Share {
    /// One more share among the writers that there are.
    pub(super) fn of(writers: &Arc<AtomicUsize>) -> Self {
        writers.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(writers))
    }

    /// How many bytes it is now: a power of two, so that blocks of it fit each other.
    pub(super) fn bytes(&self) -> usize {
        let writers = self.0.load(Ordering::Relaxed).max(1);
        let writers = writers.next_power_of_two();
        (TOGETHER / writers).clamp(LEAST, MOST)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hazard_34_many_writers_gather_less_each() {
        let writers = Arc::default();
        let shares: Vec<_> = (0..256).map(|_| Share::of(&writers)).collect();
        assert_eq!(shares.iter().map(Share::bytes).sum::<usize>(), TOGETHER);
        drop(shares);
        assert_eq!(Share::of(&writers).bytes(), MOST);
    }
}
