//! What was committed, counted.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// How many commands were committed, and in how many transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitCounts {
    /// Commands, whatever they answered.
    pub commands: u64,
    /// Transactions, each of which cost one sync where the durability is strict.
    pub commits: u64,
}

/// How commits went since the database was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitFigures {
    /// Commands and transactions that were committed.
    pub counts: CommitCounts,
    /// Transactions that were not, with all their commands.
    pub failed: u64,
    /// How many commands shared a transaction.
    pub group_sizes: Spread,
    /// How long commits took, in seconds, the wait for the disk included.
    pub seconds: Spread,
}

/// Observations, spread over buckets.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// What a bucket holds at most, in rising order.
    pub bounds: &'static [f64],
    /// How many observations are in each bucket; one more than there are bounds, for what is above all.
    pub counts: Vec<u64>,
    /// The observations together.
    pub sum: f64,
}

const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

const SECONDS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Counts what is committed. One thread writes, whoever wants to reads.
pub(super) struct Committed {
    commands: AtomicU64,
    failed: AtomicU64,
    sizes: Box<[AtomicU64]>,
    seconds: Box<[AtomicU64]>,
    nanos: AtomicU64,
}

impl Default for Committed {
    fn default() -> Self {
        let buckets = |bounds: &[f64]| (0..=bounds.len()).map(|_| AtomicU64::default()).collect();
        Self {
            commands: AtomicU64::default(),
            failed: AtomicU64::default(),
            sizes: buckets(SIZES),
            seconds: buckets(SECONDS),
            nanos: AtomicU64::default(),
        }
    }
}

impl Committed {
    pub(super) fn add(&self, commands: usize, took: Duration) {
        self.commands.fetch_add(commands as u64, Relaxed);
        observe(&self.sizes, SIZES, commands as f64);
        observe(&self.seconds, SECONDS, took.as_secs_f64());
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Relaxed);
    }

    pub(super) fn fail(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    pub(super) fn figures(&self) -> CommitFigures {
        let commands = self.commands.load(Relaxed);
        let group_sizes = spread(&self.sizes, SIZES, commands as f64);
        let seconds = self.nanos.load(Relaxed) as f64 / 1e9;
        CommitFigures {
            counts: CommitCounts {
                commands,
                commits: group_sizes.counts.iter().sum(),
            },
            failed: self.failed.load(Relaxed),
            group_sizes,
            seconds: spread(&self.seconds, SECONDS, seconds),
        }
    }
}

fn observe(buckets: &[AtomicU64], bounds: &[f64], value: f64) {
    let bucket = bounds.partition_point(|bound| *bound < value);
    buckets[bucket].fetch_add(1, Relaxed);
}

fn spread(buckets: &[AtomicU64], bounds: &'static [f64], sum: f64) -> Spread {
    let counts = buckets.iter().map(|bucket| bucket.load(Relaxed));
    Spread {
        bounds,
        counts: counts.collect(),
        sum,
    }
}
