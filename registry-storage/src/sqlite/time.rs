//! The backend's time.
//!
//! It never goes backwards. Where the clock is behind, because it was set back or because an earlier process
//! had one that was ahead, time goes on at half the clock's pace until the clock has caught up. To stand
//! still was the alternative: a clock that was once a year ahead would keep everything that is to be
//! collected for a year. At half the pace no lease is shorter than it was promised to be, and all end.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use registry_core::{Clock, Timestamp};

/// The injected clock, which here never goes backwards: not within the process, and not behind what
/// an earlier one has committed.
pub(super) struct Time {
    clock: Arc<dyn Clock>,
    greatest: AtomicU64,
    slow: Mutex<Slow>,
}

/// Time while the clock is behind it, in milliseconds.
#[derive(Default)]
struct Slow {
    /// The clock when it was found behind,
    begun: u64,
    /// and the time then.
    time: u64,
    /// The greatest that the clock has said since.
    seen: u64,
}

/// Threads that ask for the time at once are told by the clock in one order and get here in another.
const OUT_OF_ORDER: u64 = 1000;

impl Time {
    pub(super) fn new(clock: Arc<dyn Clock>, committed: Timestamp) -> Self {
        let greatest = AtomicU64::new(committed.as_millis());
        Self {
            clock,
            greatest,
            slow: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        let clock = self.clock.now().as_millis();
        let greatest = self.greatest.fetch_max(clock, Ordering::Relaxed);
        if clock >= greatest {
            return Timestamp::from_millis(clock);
        }
        let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        let time = slow.go_on(clock, greatest);
        let greatest = self.greatest.fetch_max(time, Ordering::Relaxed);
        Timestamp::from_millis(greatest.max(time))
    }
}

impl Slow {
    /// The time that the clock's comes to, where it is behind this one.
    fn go_on(&mut self, clock: u64, greatest: u64) -> u64 {
        let set_back = clock.saturating_add(OUT_OF_ORDER) < self.seen;
        if set_back || greatest > self.now() {
            *self = Self {
                begun: clock,
                time: greatest,
                seen: clock,
            };
        }
        self.seen = self.seen.max(clock);
        self.now()
    }

    fn now(&self) -> u64 {
        self.time + (self.seen - self.begun) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Set(AtomicU64);

    impl Clock for Set {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    const DAY: u64 = 86_400_000;

    fn at(clock: u64, committed: u64) -> (Arc<Set>, Time) {
        let set = Arc::new(Set(AtomicU64::new(clock)));
        let time = Time::new(Arc::clone(&set) as _, Timestamp::from_millis(committed));
        (set, time)
    }

    fn told(set: &Set, time: &Time, clock: u64) -> u64 {
        set.0.store(clock, Ordering::Relaxed);
        time.now().as_millis()
    }

    #[test]
    fn hazard_43_time_goes_on_while_the_clock_is_behind() {
        let (set, time) = at(DAY, 2 * DAY);
        assert_eq!(told(&set, &time, DAY), 2 * DAY);
        assert_eq!(told(&set, &time, DAY + 1000), 2 * DAY + 500);
        for step in 1..=1000 {
            told(&set, &time, DAY + 1000 + step);
        }
        assert_eq!(told(&set, &time, DAY + 2000), 2 * DAY + 1000);
    }

    #[test]
    fn hazard_43_time_goes_on_when_the_clock_is_set_back_again_and_again() {
        let (set, time) = at(3 * DAY, 0);
        assert_eq!(told(&set, &time, 3 * DAY), 3 * DAY);
        assert_eq!(told(&set, &time, 2 * DAY), 3 * DAY);
        assert_eq!(told(&set, &time, 2 * DAY + 1000), 3 * DAY + 500);
        assert_eq!(told(&set, &time, DAY), 3 * DAY + 500);
        assert_eq!(told(&set, &time, DAY + 1000), 3 * DAY + 1000);
    }

    #[test]
    fn time_is_the_clocks_once_that_has_caught_up() {
        let (set, time) = at(DAY, 2 * DAY);
        told(&set, &time, DAY);
        assert_eq!(told(&set, &time, 3 * DAY), 3 * DAY);
        assert_eq!(told(&set, &time, 3 * DAY + 1), 3 * DAY + 1);
        assert_eq!(told(&set, &time, 3 * DAY - 10), 3 * DAY + 1);
    }

    #[test]
    fn threads_out_of_order_do_not_hold_time_up() {
        let (set, time) = at(DAY, 2 * DAY);
        for step in 1..=1000 {
            told(&set, &time, DAY + step);
            told(&set, &time, DAY + step - 1);
        }
        assert_eq!(told(&set, &time, DAY + 1001), 2 * DAY + 500);
    }
}
