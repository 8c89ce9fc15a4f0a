//! What was measured of one operation in one round.

use std::time::Duration;

use crate::operation::Unit;

const BYTES_PER_GIGABYTE: f64 = 1e9;

/// Counts, CPU time and latencies of one round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) operations: u64,
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
    pub(crate) cpu: Duration,
    pub(crate) latencies: Vec<Duration>,
}

impl Sample {
    /// CPU time for each unit: microseconds for an operation, milliseconds for a gigabyte.
    pub(crate) fn cost(&self, unit: Unit) -> f64 {
        let cpu = self.cpu.as_secs_f64();
        match unit {
            Unit::Operation => cpu * 1e6 / self.operations.max(1) as f64,
            Unit::Gigabyte => cpu * 1e3 * BYTES_PER_GIGABYTE / self.bytes.max(1) as f64,
        }
    }

    /// Operations, or megabytes, in each second.
    pub(crate) fn rate(&self, unit: Unit) -> f64 {
        let count = match unit {
            Unit::Operation => self.operations as f64,
            Unit::Gigabyte => self.bytes as f64 / 1e6,
        };
        count / self.time.as_secs_f64().max(1e-9)
    }

    /// This sample and another one of the same operation.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.operations += other.operations;
        self.bytes += other.bytes;
        self.time += other.time;
        self.cpu += other.cpu;
        self.latencies.extend(other.latencies);
        self
    }

    /// The latency that this part of all operations did not exceed.
    pub(crate) fn percentile(&self, part: f64) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() as f64 * part).ceil() as usize;
        let found = sorted.get(rank.saturating_sub(1)).or(sorted.last());
        found.copied().unwrap_or_default()
    }
}

/// The middle of some numbers.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => numbers[odd / 2],
        even => f64::midpoint(numbers[even / 2 - 1], numbers[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(millis: impl Iterator<Item = u64>) -> Sample {
        Sample {
            operations: 1000,
            bytes: 500_000_000,
            time: Duration::from_secs(2),
            cpu: Duration::from_millis(10),
            latencies: millis.map(Duration::from_millis).collect(),
        }
    }

    #[test]
    fn costs_and_rates_are_by_unit() {
        let sample = sample(0..1);
        assert_eq!(sample.cost(Unit::Operation), 10.0);
        assert_eq!(sample.cost(Unit::Gigabyte), 20.0);
        assert_eq!(sample.rate(Unit::Operation), 500.0);
        assert_eq!(sample.rate(Unit::Gigabyte), 250.0);
    }

    #[test]
    fn a_percentile_is_one_of_the_latencies() {
        let sample = sample((1..=100).rev());
        assert_eq!(sample.percentile(0.5), Duration::from_millis(50));
        assert_eq!(sample.percentile(0.99), Duration::from_millis(99));
        assert_eq!(Sample::default().percentile(0.5), Duration::ZERO);
    }

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
