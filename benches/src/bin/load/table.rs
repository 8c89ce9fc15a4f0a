//! The results, line by line as they come.

use registry_benches::say;

use crate::results::{Measured, MemoryResult, Outcome, ScenarioResult, ServerResult};
use crate::round::Load;
use crate::scenario::Unit;
use crate::server::Server;

/// A table whose heading was printed.
pub(crate) struct Table {
    servers: Vec<String>,
}

impl Table {
    pub(crate) fn begin<'a>(servers: impl Iterator<Item = &'a Server>, load: &Load) -> Self {
        let mut names = Vec::new();
        for server in servers {
            let durability = match server.durability.as_str() {
                "" => String::new(),
                durability => format!(" ({durability})"),
            };
            say(format_args!("{}{durability}", server.name));
            names.push(server.name.clone());
        }
        say(format_args!(
            "{} connections; CPU of the server alone, in µs per operation or ms per 10^9 bytes",
            load.connections
        ));
        say(match load.rate {
            Some(rate) => format!("open loop, {rate} /s: latencies from when a request was due"),
            None => "closed loop: latencies of clients that wait for each answer".to_owned(),
        });
        let table = Self { servers: names };
        table.line(
            "operation",
            &[
                "CPU", "x hyper", "x first", "rate", "p50", "p90", "p99", "p99.9", "max",
            ]
            .map(str::to_owned),
            "",
        );
        table
    }

    pub(crate) fn scenario(&self, result: &ScenarioResult) {
        for (outcome, server) in result.outcomes.iter().zip(&self.servers) {
            let server = match self.servers.len() {
                1 => "",
                _ => server,
            };
            match outcome {
                Outcome::Measured(measured) => {
                    self.line(&result.title, &cells(result.unit, measured), server);
                    self.remark(measured);
                }
                Outcome::Missing(why) => say(format_args!("{:<28} {why}  {server}", result.title)),
            }
        }
    }

    /// The line of the bare hyper service.
    pub(crate) fn limit(&self, result: &ScenarioResult) {
        if let Some(Outcome::Measured(measured)) = result.outcomes.first() {
            self.line(&result.title, &cells(result.unit, measured), "");
        }
    }

    pub(crate) fn server(&self, result: &ServerResult) {
        let Some(memory) = &result.memory else {
            return;
        };
        let MemoryResult {
            idle,
            idle_anonymous,
            peak,
            anonymous_at_end,
            transfers,
        } = memory;
        let name = &result.name;
        say(format_args!(
            "memory: idle {} ({} anonymous), peak {}, now {} anonymous  {name}",
            mebibytes(*idle),
            mebibytes(*idle_anonymous),
            mebibytes(*peak),
            mebibytes(*anonymous_at_end),
        ));
        if let Some(most) = transfers {
            say(format_args!(
                "memory: {} pulls at once {} anonymous, pushes {}  {name}",
                most.transfers,
                mebibytes(most.pulls),
                mebibytes(most.pushes),
            ));
        }
    }

    fn line(&self, title: &str, cells: &[String; 9], server: &str) {
        let [cost, by_hyper, by_first, rate, p50, p90, p99, p999, max] = cells;
        let by_first = match self.servers.len() {
            1 => String::new(),
            _ => format!(" {by_first:>8}"),
        };
        say(format_args!(
            "{title:<28} {cost:>14} {by_hyper:>8}{by_first} {rate:>12} {p50:>11} {p90:>11} {p99:>11} {p999:>11} {max:>11}  {server}"
        ));
    }

    fn remark(&self, measured: &Measured) {
        if measured.connections_reopened > 0 {
            let count = measured.connections_reopened;
            say(format_args!("  the server closed {count} connections"));
        }
        if measured.operations_not_begun > 0 {
            let count = measured.operations_not_begun;
            say(format_args!(
                "  too slow for the rate: {count} operations never began"
            ));
        }
    }
}

fn cells(unit: Unit, measured: &Measured) -> [String; 9] {
    let (cost, rate) = match unit {
        Unit::Operation => ("µs", "/s"),
        Unit::Gigabyte => ("ms/GB", "MB/s"),
    };
    let ratio = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
    let millis = |millis: f64| format!("{millis:.3} ms");
    let latency = &measured.latency_ms;
    [
        measured
            .cost
            .map_or("-".to_owned(), |value| format!("{value:.1} {cost}")),
        ratio(measured.cost_by_hyper),
        ratio(measured.cost_by_first),
        format!("{:.0} {rate}", measured.rate),
        millis(latency.p50),
        millis(latency.p90),
        millis(latency.p99),
        millis(latency.p999),
        millis(latency.max),
    ]
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{:.1} MiB", kibibytes as f64 / 1024.0)
}
