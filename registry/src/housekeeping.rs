//! What the server does by itself.
//!
//! Each of it goes on for as long as the server runs, beside the others and within a budget of its own, so
//! that none holds up a push, a pull, or another. What fails is tried again with the next round.

use std::{pin::pin, time::Duration};

use registry_core::{Budget, CollectReport, Registry};
use registry_server::TokioTimer;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::config::Config;

/// How often counted pulls are folded.
const FOLD_EVERY: Duration = Duration::from_secs(60);

/// What the server does by itself, and how much of the machine it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upkeep {
    /// Of collection.
    collection: Budget,
    /// The time between two rounds of it.
    interval: Duration,
}

impl Upkeep {
    pub(crate) fn of(config: &Config) -> Self {
        let collection = &config.collection;
        Self {
            collection: Budget {
                percent: u32::try_from(collection.share).unwrap_or(u32::MAX),
                bytes_per_second: None,
                objects_per_second: Some(collection.deletions as u64),
            },
            interval: collection.interval,
        }
    }
}

/// Does all of it until it is dropped.
pub(crate) async fn keep_house(registry: Registry, upkeep: Upkeep) {
    tokio::select! {
        () = fold_pulls(&registry) => {}
        () = collect(&registry, upkeep) => {}
    }
}

async fn fold_pulls(registry: &Registry) {
    let mut ticks = interval(FOLD_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = registry.flush_pulls().await {
            tracing::warn!(%error, "pulls could not be folded");
        }
    }
}

async fn collect(registry: &Registry, upkeep: Upkeep) {
    loop {
        let round = pin!(registry.collect_within(upkeep.collection, &TokioTimer));
        match round.await {
            Ok(report) => tell(&report),
            Err(error) => tracing::warn!(%error, "a round of collection ended early"),
        }
        sleep(upkeep.interval).await;
    }
}

fn tell(report: &CollectReport) {
    tracing::debug!(?report, "collected");
    if let Some(stopped) = report.stopped {
        tracing::warn!(%stopped, "files that no metadata names are left alone");
    }
}
