//! A run as JSON: what was measured, of which servers, with which settings, on which machine.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::histogram::Histogram;
use crate::machine::Machine;
use crate::process::Memory;
use crate::round::Load;
use crate::sample::Sample;
use crate::scenario::{Entry, Unit};

#[derive(Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) date: String,
    pub(crate) version: String,
    pub(crate) machine: Machine,
    pub(crate) settings: Settings,
    pub(crate) servers: Vec<ServerResult>,
    pub(crate) scenarios: Vec<ScenarioResult>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    pub(crate) warm_up_seconds: f64,
    pub(crate) rounds: usize,
    /// Operations in each second of an open loop; nothing for a closed one.
    pub(crate) rate: Option<f64>,
    pub(crate) large_bytes: usize,
    pub(crate) tags: usize,
    pub(crate) repositories: usize,
    pub(crate) referrers: usize,
    pub(crate) deletes: usize,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ServerResult {
    pub(crate) name: String,
    pub(crate) durability: String,
    pub(crate) memory: Option<MemoryResult>,
}

/// In KiB.
#[derive(Serialize, Deserialize)]
pub(crate) struct MemoryResult {
    pub(crate) idle: u64,
    pub(crate) idle_anonymous: u64,
    pub(crate) peak: u64,
    pub(crate) anonymous_at_end: u64,
    pub(crate) transfers: Option<TransferMemory>,
}

/// The most that was anonymous during so many transfers at once, in KiB.
#[derive(Serialize, Deserialize)]
pub(crate) struct TransferMemory {
    pub(crate) transfers: usize,
    pub(crate) pulls: u64,
    pub(crate) pushes: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ScenarioResult {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) unit: Unit,
    /// One for each server, in their order.
    pub(crate) outcomes: Vec<Outcome>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Measured(Box<Measured>),
    /// `no such API`, or why it could not be measured.
    Missing(String),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) operations: u64,
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: Option<f64>,
    /// Microseconds for an operation, or milliseconds for 10⁹ bytes.
    pub(crate) cost: Option<f64>,
    /// Operations, or megabytes, in a second.
    pub(crate) rate: f64,
    pub(crate) latency_ms: Latency,
    pub(crate) connections_reopened: u64,
    pub(crate) operations_not_begun: u64,
    /// The cost in that of the bare hyper service, as the median of the rounds.
    pub(crate) cost_by_hyper: Option<f64>,
    /// Cost and rate in those of the first server, as medians of the rounds.
    pub(crate) cost_by_first: Option<f64>,
    pub(crate) rate_by_first: Option<f64>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Results {
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let during = |failure: Failure| failure.during(file.display());
        let text = fs::read(file).map_err(|error| during(error.into()))?;
        serde_json::from_slice(&text).map_err(|error| during(Failure::new(error.to_string())))
    }

    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(self).expect("numbers and names can be written");
        text.push(b'\n');
        fs::write(file, text).map_err(|error| Failure::from(error).during(file.display()))
    }
}

impl Settings {
    pub(crate) fn of(load: &Load, rounds: usize) -> Self {
        Self {
            connections: load.connections,
            seconds: load.time.as_secs_f64(),
            warm_up_seconds: load.warm_up.as_secs_f64(),
            rounds,
            rate: load.rate,
            large_bytes: load.scale.large,
            tags: load.scale.tags,
            repositories: load.scale.repositories,
            referrers: load.scale.referrers,
            deletes: load.scale.deletes,
        }
    }
}

impl ScenarioResult {
    pub(crate) fn of(entry: &Entry, outcomes: Vec<Outcome>) -> Self {
        Self {
            name: entry.name.to_owned(),
            title: entry.title.to_owned(),
            unit: entry.unit,
            outcomes,
        }
    }
}

impl MemoryResult {
    pub(crate) fn of(idle: Memory, end: Memory, transfers: Option<TransferMemory>) -> Self {
        Self {
            idle: idle.resident,
            idle_anonymous: idle.anonymous,
            peak: end.peak,
            anonymous_at_end: end.anonymous,
            transfers,
        }
    }
}

impl Measured {
    /// Without ratios.
    pub(crate) fn of(sample: &Sample, unit: Unit) -> Self {
        Self {
            operations: sample.operations,
            bytes: sample.bytes,
            seconds: sample.time.as_secs_f64(),
            cpu_seconds: sample.cpu.map(|cpu| cpu.as_secs_f64()),
            cost: sample.cost(unit),
            rate: sample.rate(unit),
            latency_ms: Latency::of(&sample.latencies),
            connections_reopened: sample.reopened,
            operations_not_begun: sample.not_begun,
            cost_by_hyper: None,
            cost_by_first: None,
            rate_by_first: None,
        }
    }
}

impl Latency {
    fn of(latencies: &Histogram) -> Self {
        let millis = |part| latencies.percentile(part).as_secs_f64() * 1e3;
        Self {
            p50: millis(0.5),
            p90: millis(0.9),
            p99: millis(0.99),
            p999: millis(0.999),
            max: latencies.max().as_secs_f64() * 1e3,
        }
    }
}
