//! What was measured of one scenario in one round.

use std::time::Duration;

use crate::histogram::Histogram;
use crate::scenario::Unit;

const BYTES_PER_GIGABYTE: f64 = 1e9;

/// Counts, CPU time and latencies of one round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) operations: u64,
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
    /// Of the server, where its process is known.
    pub(crate) cpu: Option<Duration>,
    pub(crate) latencies: Histogram,
    /// Connections that the server closed.
    pub(crate) reopened: u64,
    /// Operations of an open loop that came to nothing.
    pub(crate) not_begun: u64,
}

impl Sample {
    pub(crate) fn add(&mut self, bytes: u64, latency: Duration) {
        self.operations += 1;
        self.bytes += bytes;
        self.latencies.add(latency);
    }

    /// CPU time for each unit: microseconds for an operation, milliseconds for a gigabyte.
    pub(crate) fn cost(&self, unit: Unit) -> Option<f64> {
        let cpu = self.cpu?.as_secs_f64();
        Some(match unit {
            Unit::Operation => cpu * 1e6 / self.operations.max(1) as f64,
            Unit::Gigabyte => cpu * 1e3 * BYTES_PER_GIGABYTE / self.bytes.max(1) as f64,
        })
    }

    /// Operations, or megabytes, in each second.
    pub(crate) fn rate(&self, unit: Unit) -> f64 {
        let count = match unit {
            Unit::Operation => self.operations as f64,
            Unit::Gigabyte => self.bytes as f64 / 1e6,
        };
        count / self.time.as_secs_f64().max(1e-9)
    }

    /// Another round of the same scenario.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.cpu = match (self.operations, self.cpu, other.cpu) {
            (0, _, cpu) => cpu,
            (_, Some(cpu), Some(more)) => Some(cpu + more),
            _ => None,
        };
        self.operations += other.operations;
        self.bytes += other.bytes;
        self.time += other.time;
        self.reopened += other.reopened;
        self.not_begun += other.not_begun;
        self.latencies.merge(&other.latencies);
    }
}

/// The middle of some numbers, if there are any.
pub(crate) fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let (below, above) = numbers.split_at(numbers.len() / 2);
    let upper = *above.first()?;
    Some(match below.last() {
        Some(lower) if numbers.len().is_multiple_of(2) => f64::midpoint(*lower, upper),
        _ => upper,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Sample {
        Sample {
            operations: 1000,
            bytes: 500_000_000,
            time: Duration::from_secs(2),
            cpu: Some(Duration::from_millis(10)),
            ..Sample::default()
        }
    }

    #[test]
    fn costs_and_rates_are_by_unit() {
        let sample = sample();
        assert_eq!(sample.cost(Unit::Operation), Some(10.0));
        assert_eq!(sample.cost(Unit::Gigabyte), Some(20.0));
        assert_eq!(sample.rate(Unit::Operation), 500.0);
        assert_eq!(sample.rate(Unit::Gigabyte), 250.0);
    }

    #[test]
    fn rounds_add_up_and_without_a_process_there_is_no_cost() {
        let mut total = Sample::default();
        total.merge(&sample());
        total.merge(&sample());
        assert_eq!(total.cost(Unit::Operation), Some(10.0));
        assert_eq!(total.rate(Unit::Operation), 500.0);
        let unknown = Sample {
            cpu: None,
            ..sample()
        };
        total.merge(&unknown);
        assert_eq!(total.cost(Unit::Operation), None);
    }

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
