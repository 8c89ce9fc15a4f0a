//! How much of a machine the registry's own work may take.
//!
//! Work that nobody waits for goes in steps, each of which is followed by a rest in proportion to what it
//! took: so it gives way by itself where the disk or the database is busy, since steps take longer then. A
//! fixed number of steps per second was the alternative; it is either idle or in the way.

use std::time::Duration;

use async_trait::async_trait;

use super::Result;
use crate::clock::Clock;

/// No rest is longer: a clock that jumped ahead would make one of hours.
const LONGEST: Duration = Duration::from_mins(10);

/// The means to rest, and the clock that measures what a step took.
#[async_trait]
pub trait Timer: Clock {
    /// Resolves after so long.
    async fn sleep(&self, duration: Duration);
}

/// How fast the registry's own work may go.
///
/// ```
/// use std::time::Duration;
///
/// use registry_core::{Budget, Work};
///
/// let budget = Budget {
///     percent: 10,
///     ..Budget::UNBOUNDED
/// };
/// let rest = budget.rest(Duration::from_millis(20), Work::default());
/// assert_eq!(rest, Duration::from_millis(180));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Of the time, in percent. 10: after a step of 20 ms follow 180 ms of rest.
    pub percent: u32,
    /// Bytes that are read, or given back, in a second.
    pub bytes_per_second: Option<u64>,
    /// Objects that are deleted in a second.
    pub objects_per_second: Option<u64>,
}

/// What was done in a step, as far as it is bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Bytes read, or given back.
    pub bytes: u64,
    /// Objects deleted.
    pub objects: u64,
}

impl Work {
    /// What was done since.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(before.bytes),
            objects: self.objects.saturating_sub(before.objects),
        }
    }
}

impl Budget {
    /// As fast as it goes.
    pub const UNBOUNDED: Self = Self {
        percent: 100,
        bytes_per_second: None,
        objects_per_second: None,
    };

    /// How long to rest after a step that took so long and did so much.
    pub fn rest(&self, took: Duration, work: Work) -> Duration {
        let took = took.min(LONGEST);
        let percent = self.percent.clamp(1, 100);
        let by_share = took * (100 - percent) / percent;
        let by_rate = [
            at_rate(work.bytes, self.bytes_per_second),
            at_rate(work.objects, self.objects_per_second),
        ];
        let rests = by_rate.map(|least| least.saturating_sub(took));
        let rest = rests.into_iter().fold(by_share, Duration::max);
        rest.min(LONGEST)
    }
}

/// How long so much takes at a rate.
fn at_rate(amount: u64, per_second: Option<u64>) -> Duration {
    match per_second {
        Some(rate) => Duration::from_secs_f64(amount as f64 / rate.max(1) as f64),
        None => Duration::ZERO,
    }
}

/// Takes a step and rests.
pub(super) async fn step_within<T>(
    budget: Budget,
    timer: &dyn Timer,
    step: impl AsyncFnOnce() -> (Result<T>, Work),
) -> Result<T> {
    let begun = timer.now();
    let (outcome, work) = step().await;
    let rest = budget.rest(timer.now().since(begun), work);
    if !rest.is_zero() {
        timer.sleep(rest).await;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_rest_is_the_longest_that_any_bound_asks_for() {
        let budget = Budget {
            percent: 50,
            bytes_per_second: Some(1000),
            objects_per_second: Some(10),
        };
        let rest = |took, bytes, objects| budget.rest(took, Work { bytes, objects });
        assert_eq!(rest(SECOND, 0, 0), SECOND);
        assert_eq!(rest(SECOND, 5000, 0), SECOND * 4);
        assert_eq!(rest(SECOND, 5000, 60), SECOND * 5);
        assert_eq!(rest(SECOND * 9, 5000, 60), SECOND * 9);
    }

    #[test]
    fn without_bounds_there_is_no_rest() {
        let work = Work {
            bytes: u64::MAX,
            objects: u64::MAX,
        };
        assert_eq!(Budget::UNBOUNDED.rest(SECOND, work), Duration::ZERO);
    }

    #[test]
    fn no_bound_and_no_clock_makes_a_rest_of_hours() {
        let slowest = Budget {
            percent: 0,
            bytes_per_second: Some(0),
            objects_per_second: None,
        };
        let work = Work {
            bytes: 1 << 40,
            objects: 0,
        };
        for took in [SECOND, Duration::MAX] {
            assert_eq!(slowest.rest(took, work), LONGEST);
        }
    }
}
