//! Which traces are recorded, and what they are called.

use std::{
    hash::{BuildHasher, RandomState},
    num::{NonZeroU64, NonZeroU128},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use super::parent::Parent;
use crate::config;

/// Decides which traces are recorded.
pub(super) struct Sampling {
    one_in: u64,
    follow_callers: bool,
    ids: Ids,
}

impl Sampling {
    pub(super) fn of(config: &config::Traces) -> Self {
        Self {
            one_in: config.one_in as u64,
            follow_callers: config.follow_callers,
            ids: Ids::new(),
        }
    }

    /// The trace of a request that is to be recorded.
    pub(super) fn trace(&self, parent: Option<Parent>) -> Option<NonZeroU128> {
        let trace = parent.map_or_else(|| self.ids.trace(), |parent| parent.trace);
        let recorded = match parent {
            Some(parent) if self.follow_callers => parent.sampled,
            // By the name, so that all servers of a trace decide alike.
            _ => (trace.get() as u64).is_multiple_of(self.one_in),
        };
        recorded.then_some(trace)
    }

    /// A name for a span.
    pub(super) fn span(&self) -> NonZeroU64 {
        self.ids.span()
    }
}

/// Names that nobody else gives: a keyed hash of a counter. They are no secret.
struct Ids {
    key: RandomState,
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        Self {
            key: RandomState::new(),
            next: AtomicU64::new(0),
        }
    }

    fn span(&self) -> NonZeroU64 {
        let number = self.next.fetch_add(1, Relaxed);
        NonZeroU64::new(self.key.hash_one(number)).unwrap_or(NonZeroU64::MIN)
    }

    fn trace(&self) -> NonZeroU128 {
        let (high, low) = (self.span().get(), self.span());
        NonZeroU128::from(low) | (u128::from(high) << 64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling(one_in: u64, follow_callers: bool) -> Sampling {
        Sampling {
            one_in,
            follow_callers,
            ids: Ids::new(),
        }
    }

    fn parent(trace: u128, sampled: bool) -> Option<Parent> {
        Some(Parent {
            trace: NonZeroU128::new(trace).unwrap(),
            span: NonZeroU64::MIN,
            sampled,
        })
    }

    #[test]
    fn one_in_so_many_is_recorded() {
        let all = sampling(1, true);
        assert!((0..100).all(|_| all.trace(None).is_some()));
        let few = sampling(10, true);
        let recorded = (0..10_000).filter(|_| few.trace(None).is_some()).count();
        assert!((500..2000).contains(&recorded), "{recorded}");
    }

    #[test]
    fn a_caller_decides_where_it_is_followed() {
        let follow = sampling(10, true);
        assert!(follow.trace(parent(11, true)).is_some());
        assert!(follow.trace(parent(10, false)).is_none());
        let ignore = sampling(10, false);
        assert!(ignore.trace(parent(11, true)).is_none());
        assert_eq!(ignore.trace(parent(10, false)).unwrap().get(), 10);
    }
}
