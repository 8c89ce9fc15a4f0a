//! Durations, spread over fixed buckets.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// A spread of observations, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    /// What a bucket holds at most, in rising order.
    pub bounds: &'static [f64],
    /// How many observations are in each bucket; one more than there are bounds, for what is above all.
    pub counts: Vec<u64>,
    /// The observations together.
    pub sum: f64,
}

/// From a tenth of a millisecond to a minute, in seconds.
const SECONDS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0, 60.0,
];

/// The same in microseconds, so that observing needs no floating point.
const MICROS: [u64; BOUNDS] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 10_000_000, 60_000_000,
];

const BOUNDS: usize = 16;

/// Counts durations. Observing one is two additions.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    counts: [AtomicU64; BOUNDS + 1],
    micros: AtomicU64,
}

impl Durations {
    pub(crate) fn observe(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = MICROS.partition_point(|bound| *bound < micros);
        self.counts[bucket].fetch_add(1, Relaxed);
        self.micros.fetch_add(micros, Relaxed);
    }

    /// What several of them have counted together; none where that is nothing.
    pub(crate) fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Option<Buckets> {
        let mut counts = vec![0; BOUNDS + 1];
        let mut micros = 0;
        for one in all {
            for (sum, count) in counts.iter_mut().zip(&one.counts) {
                *sum += count.load(Relaxed);
            }
            micros += one.micros.load(Relaxed);
        }
        counts.iter().any(|count| *count > 0).then(|| Buckets {
            bounds: SECONDS,
            counts,
            sum: micros as f64 / 1e6,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_the_same_in_both_units() {
        let micros: Vec<_> = SECONDS.iter().map(|s| (s * 1e6).round() as u64).collect();
        assert_eq!(micros, MICROS);
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let durations = Durations::default();
        for micros in [0, 100, 101, 60_000_000, 60_000_001] {
            durations.observe(Duration::from_micros(micros));
        }
        let other = Durations::default();
        other.observe(Duration::from_micros(1));
        let sum = Durations::sum([&durations, &other].into_iter()).unwrap();
        assert_eq!(sum.counts[..2], [3, 1]);
        assert_eq!(sum.counts[15..], [1, 1]);
        assert!((sum.sum - 120.000_203).abs() < 1e-9);
        assert_eq!(Durations::sum(std::iter::empty()), None);
    }
}
