//! Latencies in bounded memory.
//!
//! A bucket's width is a 128th of its power of two, so that every answer is within half a percent of a
//! latency that was seen, from a nanosecond to hours. A vector of all latencies was the alternative: it
//! grows with the rate and is sorted at the end of each round.

use std::time::Duration;

/// Bits of a number that are kept behind its highest one.
const PRECISION: u32 = 7;
const BUCKETS_PER_POWER: usize = 1 << PRECISION;
/// Up to 2⁴⁶ ns, which is most of a day.
const POWERS: usize = 40;
const BUCKETS: usize = BUCKETS_PER_POWER * POWERS;

/// How often each latency was seen, nearly.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    most: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; BUCKETS],
            count: 0,
            most: 0,
        }
    }
}

impl Histogram {
    pub(crate) fn add(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(nanos)] += 1;
        self.count += 1;
        self.most = self.most.max(nanos);
    }

    /// All that the other one has seen, too.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, others) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += others;
        }
        self.count += other.count;
        self.most = self.most.max(other.most);
    }

    /// The latency that this part of all did not exceed.
    pub(crate) fn percentile(&self, part: f64) -> Duration {
        let rank = (self.count as f64 * part).ceil().max(1.0) as u64;
        let mut seen = 0;
        let found = self.buckets.iter().position(|bucket| {
            seen += bucket;
            seen >= rank
        });
        let nanos = found.map_or(0, |at| middle(at).min(self.most));
        Duration::from_nanos(nanos)
    }

    /// The longest of all, exactly.
    pub(crate) fn max(&self) -> Duration {
        Duration::from_nanos(self.most)
    }
}

/// Numbers below 128 have buckets of their own; each power of two above has 128.
fn bucket(nanos: u64) -> usize {
    let power = nanos.max(1).ilog2();
    let shift = power.saturating_sub(PRECISION);
    let within = (nanos >> shift) as usize;
    (within + shift as usize * BUCKETS_PER_POWER).min(BUCKETS - 1)
}

fn middle(bucket: usize) -> u64 {
    let shift = (bucket / BUCKETS_PER_POWER).saturating_sub(1);
    let within = (bucket - shift * BUCKETS_PER_POWER) as u64;
    (within << shift) + (1 << shift) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_is_within_half_a_percent_of_what_falls_into_it() {
        let mut nanos = 1_u64;
        while nanos < 1 << 45 {
            for nanos in [nanos - 1, nanos, nanos + nanos / 3] {
                let off = middle(bucket(nanos)).abs_diff(nanos) as f64;
                assert!(off <= nanos as f64 * 0.004 + 0.5, "{nanos}");
            }
            nanos *= 2;
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn buckets_follow_each_other() {
        for nanos in 0..100_000 {
            let step = bucket(nanos + 1) - bucket(nanos);
            assert!(step <= 1, "{nanos}");
        }
    }

    #[test]
    fn a_percentile_is_near_one_of_the_latencies() {
        let mut histogram = Histogram::default();
        (1..=100).for_each(|millis| histogram.add(Duration::from_millis(millis)));
        let near = |part, millis: f64| {
            let found = histogram.percentile(part).as_secs_f64() * 1e3;
            assert!((found / millis - 1.0).abs() < 0.005, "{found} {millis}");
        };
        near(0.5, 50.0);
        near(0.99, 99.0);
        near(0.001, 1.0);
        near(1.0, 100.0);
        assert_eq!(histogram.max(), Duration::from_millis(100));
        assert_eq!(Histogram::default().percentile(0.5), Duration::ZERO);
    }

    #[test]
    fn two_make_one() {
        let (mut one, mut other) = (Histogram::default(), Histogram::default());
        one.add(Duration::from_nanos(5));
        other.add(Duration::from_nanos(90));
        one.merge(&other);
        assert_eq!(one.percentile(0.5), Duration::from_nanos(5));
        assert_eq!(one.percentile(1.0), Duration::from_nanos(90));
    }
}
