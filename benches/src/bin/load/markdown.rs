//! Results as tables of `RESULTS.md`.

use crate::results::{Measured, Outcome, Results, ScenarioResult};
use crate::scenario::Unit;

/// What was measured where, then a table: of one server with all that is known, of more side by side.
pub(crate) fn render(results: &Results) -> String {
    let mut text = heading(results);
    match results.servers.as_slice() {
        [_] => text.push_str(&single(results)),
        _ => text.push_str(&side_by_side(results)),
    }
    text.push_str(&memory(results));
    text
}

fn heading(results: &Results) -> String {
    let (machine, settings) = (&results.machine, &results.settings);
    let pace = settings.rate.map_or("closed loop".to_owned(), |rate| {
        format!("open loop at {} /s", grouped(rate))
    });
    format!(
        "{}; {}, {} cores, {} MiB, Linux {}; {} connections, {} rounds of {} s after {} s of warm-up, {pace}; large blobs of \
         {} MiB, {} tags, {} repositories, {} referrers.\n\n",
        results.date,
        machine.cpu,
        machine.cores,
        machine.memory_mib,
        machine.kernel,
        settings.connections,
        settings.rounds,
        settings.seconds,
        settings.warm_up_seconds,
        settings.large_bytes >> 20,
        settings.tags,
        settings.repositories,
        settings.referrers,
    )
}

fn single(results: &Results) -> String {
    let mut text = row(&[
        "operation",
        "CPU",
        "× bare hyper",
        "rate",
        "p50",
        "p99",
        "p99.9",
    ]
    .map(str::to_owned));
    text.push_str(&rule(7));
    for scenario in &results.scenarios {
        let title = scenario.title.clone();
        let cells = match scenario.outcomes.first() {
            Some(Outcome::Measured(measured)) => line_of_one(scenario.unit, measured),
            Some(Outcome::Missing(why)) => {
                let mut cells = [const { String::new() }; 6];
                cells[0].clone_from(why);
                cells
            }
            None => continue,
        };
        let cells: Vec<_> = std::iter::once(title).chain(cells).collect();
        text.push_str(&row(&cells));
    }
    text
}

fn line_of_one(unit: Unit, measured: &Measured) -> [String; 6] {
    let latency = &measured.latency_ms;
    let by_hyper = measured.cost_by_hyper.map_or(String::new(), ratio);
    [
        cost(unit, measured),
        by_hyper,
        rate(unit, measured),
        millis(latency.p50),
        millis(latency.p99),
        millis(latency.p999),
    ]
}

/// A table for each of cost, rate and latency, with a column for each server.
fn side_by_side(results: &Results) -> String {
    let by_hyper = |scenario: &ScenarioResult, measured: &Measured, first| {
        let times = match (first, measured.cost_by_hyper, measured.cost_by_first) {
            (true, Some(times), _) => format!(" ({} hyper)", ratio(times)),
            (false, _, Some(times)) => format!(" ({})", ratio(times)),
            _ => String::new(),
        };
        format!("{}{times}", cost(scenario.unit, measured))
    };
    let rates = |scenario: &ScenarioResult, measured: &Measured, _| {
        let times = measured.rate_by_first;
        let times = times.map_or(String::new(), |times| format!(" ({})", ratio(times)));
        format!("{}{times}", rate(scenario.unit, measured))
    };
    let latencies = |_: &ScenarioResult, measured: &Measured, _| {
        let latency = &measured.latency_ms;
        format!("{} / {}", millis(latency.p50), millis(latency.p99))
    };
    [
        columns(results, "CPU, and in that of the first", by_hyper),
        columns(results, "rate, and in that of the first", rates),
        columns(results, "p50 / p99", latencies),
    ]
    .join("\n")
}

fn columns(
    results: &Results,
    heading: &str,
    cell: impl Fn(&ScenarioResult, &Measured, bool) -> String,
) -> String {
    let names = results.servers.iter().map(|server| server.name.clone());
    let heading: Vec<_> = std::iter::once(heading.to_owned()).chain(names).collect();
    let mut text = row(&heading);
    text.push_str(&rule(heading.len()));
    for scenario in &results.scenarios {
        let outcomes = scenario.outcomes.iter().enumerate();
        let cells = outcomes.map(|(at, outcome)| match outcome {
            Outcome::Measured(measured) => cell(scenario, measured, at == 0),
            Outcome::Missing(why) => why.split(" (").next().unwrap_or_default().to_owned(),
        });
        let title = std::iter::once(scenario.title.clone());
        let mut cells: Vec<_> = title.chain(cells).collect();
        cells.resize(heading.len(), String::new());
        text.push_str(&row(&cells));
    }
    text
}

fn memory(results: &Results) -> String {
    let mut text = "\n".to_owned();
    let names = [
        "server",
        "durability",
        "idle",
        "of it anonymous",
        "peak",
        "transfers at once, anonymous: pulls, pushes",
    ];
    text.push_str(&row(&names.map(str::to_owned)));
    text.push_str(&rule(names.len()));
    for server in &results.servers {
        let mut cells = vec![server.name.clone(), server.durability.clone()];
        if let Some(memory) = &server.memory {
            let figures = [memory.idle, memory.idle_anonymous, memory.peak];
            cells.extend(figures.map(mebibytes));
            cells.extend(memory.transfers.as_ref().map(|most| {
                let (pulls, pushes) = (mebibytes(most.pulls), mebibytes(most.pushes));
                format!("{}: {pulls}, {pushes}", most.transfers)
            }));
        }
        cells.resize(names.len(), String::new());
        text.push_str(&row(&cells));
    }
    text
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn rule(columns: usize) -> String {
    row(&vec!["---".to_owned(); columns])
}

fn cost(unit: Unit, measured: &Measured) -> String {
    match (unit, measured.cost) {
        (_, None) => "?".to_owned(),
        (Unit::Gigabyte, Some(cost)) => format!("{} ms per GB", grouped(cost)),
        (Unit::Operation, Some(cost)) if cost >= 2000.0 => format!("{:.1} ms", cost / 1000.0),
        (Unit::Operation, Some(cost)) if cost >= 100.0 => format!("{} µs", grouped(cost)),
        (Unit::Operation, Some(cost)) => format!("{cost:.1} µs"),
    }
}

fn rate(unit: Unit, measured: &Measured) -> String {
    let unit = match unit {
        Unit::Operation => "/s",
        Unit::Gigabyte => "MB/s",
    };
    format!("{} {unit}", grouped(measured.rate))
}

fn ratio(times: f64) -> String {
    match times {
        many if many >= 10.0 => format!("{many:.1} ×"),
        few => format!("{few:.2} ×"),
    }
}

fn millis(millis: f64) -> String {
    match millis {
        long if long >= 100.0 => format!("{} ms", grouped(long)),
        middle if middle >= 1.0 => format!("{middle:.1} ms"),
        short => format!("{short:.2} ms"),
    }
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{:.1} MiB", kibibytes as f64 / 1024.0)
}

/// A whole number in groups of three digits.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(grouped(101_056.4), "101 056");
        assert_eq!(grouped(999.0), "999");
        assert_eq!(millis(0.126), "0.13 ms");
        assert_eq!(millis(1234.0), "1 234 ms");
        assert_eq!(ratio(1.158), "1.16 ×");
        assert_eq!(ratio(17.3), "17.3 ×");
    }
}
