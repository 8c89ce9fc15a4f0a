//! The results, line by line as they come.

use std::time::Duration;

use registry_benches::say;

use crate::measure::Load;
use crate::operation::{Operation, Unit};
use crate::process::Memory;
use crate::sample::Sample;

/// A table whose heading was printed.
pub(crate) struct Table;

/// What a line says.
pub(crate) struct Row {
    operation: Operation,
    sample: Sample,
    /// The cost in that of the bare hyper service.
    ratio: Option<f64>,
}

impl Row {
    pub(crate) fn new(operation: Operation, sample: Sample) -> Self {
        Self {
            operation,
            sample,
            ratio: None,
        }
    }

    pub(crate) fn with_ratio(mut self, ratio: f64) -> Self {
        self.ratio = Some(ratio);
        self
    }
}

impl Table {
    pub(crate) fn begin(name: &str, load: &Load) -> Self {
        say(name);
        say(format_args!(
            "{} connections; CPU of the server alone, in µs per operation or ms per 10^9 bytes",
            load.connections
        ));
        say(format_args!(
            "{:<28} {:>12} {:>8} {:>12} {:>10} {:>10}",
            "operation", "CPU", "x hyper", "rate", "p50", "p99"
        ));
        Self
    }

    pub(crate) fn row(&self, row: &Row) {
        self.line(row.operation.title(), row);
    }

    fn line(&self, title: &str, row: &Row) {
        let unit = row.operation.unit();
        let (cost, rate) = match unit {
            Unit::Operation => ("µs", "/s"),
            Unit::Gigabyte => ("ms/GB", "MB/s"),
        };
        let ratio = row
            .ratio
            .map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        say(format_args!(
            "{:<28} {:>12} {ratio:>8} {:>12} {:>10} {:>10}",
            title,
            format!("{:.1} {cost}", row.sample.cost(unit)),
            format!("{:.0} {rate}", row.sample.rate(unit)),
            millis(row.sample.percentile(0.5)),
            millis(row.sample.percentile(0.99)),
        ));
    }

    /// The line of the bare hyper service.
    pub(crate) fn limit(&self, hyper: Sample) {
        self.line(
            "(bare hyper)",
            &Row::new(Operation::Ping, hyper).with_ratio(1.0),
        );
    }

    pub(crate) fn end(self, idle: Memory, after: Memory) {
        say(format_args!(
            "memory: idle {} ({} anonymous), peak {}, now {} anonymous",
            mebibytes(idle.resident),
            mebibytes(idle.anonymous),
            mebibytes(after.peak),
            mebibytes(after.anonymous),
        ));
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1e3)
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{:.1} MiB", kibibytes as f64 / 1024.0)
}
