//! How far the database is.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of the number of changes to places, below that of commits.
const PLACES: u32 = 20;

/// How often something was committed, and how often that changed a place. They are one number, so that
/// nobody sees the one without the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment(u64);

impl Moment {
    /// Whether no place has changed since an earlier moment.
    ///
    /// Changes are counted up to a million and then from the beginning; so after as many commits it does
    /// not say so any more.
    pub(super) fn has_places_of(self, earlier: Self) -> bool {
        let commits = (self.0 >> PLACES) - (earlier.0 >> PLACES);
        self.places() == earlier.places() && commits < 1 << PLACES
    }

    fn next(self, places_changed: bool) -> Self {
        let commits = (self.0 >> PLACES) + 1;
        let places = self.places() + u64::from(places_changed);
        Self((commits << PLACES) | (places % (1 << PLACES)))
    }

    fn places(self) -> u64 {
        self.0 % (1 << PLACES)
    }
}

/// The moment that is reached.
#[derive(Default)]
pub(super) struct Reached(AtomicU64);

impl Reached {
    pub(super) fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::Acquire))
    }

    /// Something was committed. Only one thread says so.
    pub(super) fn advance(&self, places_changed: bool) {
        let next = self.now().next(places_changed);
        self.0.store(next.0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_the_same_until_one_changes() {
        let reached = Reached::default();
        let first = reached.now();
        reached.advance(false);
        let second = reached.now();
        assert_ne!(first, second);
        assert!(second.has_places_of(first));
        reached.advance(true);
        assert!(!reached.now().has_places_of(first));
        assert!(!reached.now().has_places_of(second));
        assert!(reached.now().has_places_of(reached.now()));
    }

    #[test]
    fn a_count_that_began_anew_is_not_taken_for_the_same() {
        let first = Moment::default();
        let mut later = first;
        for _ in 0..1 << PLACES {
            later = later.next(true);
            assert!(!later.has_places_of(first));
        }
        assert_eq!(later.places(), first.places());
        assert!(later.next(false).has_places_of(later));
    }
}
