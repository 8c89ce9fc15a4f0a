//! What the server does by itself.
//!
//! Each of it goes on for as long as the server runs, beside the others and within a budget of its own, so
//! that none holds up a push, a pull, or another. What fails is tried again with the next round. Servers that
//! share a registry take turns at what one of them should do.

use std::time::Duration;

use registry_core::{
    Budget, CollectReport, Finding, Registry, ScrubError, ScrubOptions, ScrubReport, Turn,
};
use registry_server::TokioTimer;
use registry_storage::directory::Directory;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::config::Config;

/// How often counted pulls are folded.
const FOLD_EVERY: Duration = Duration::from_secs(60);

/// How often it is looked whether the journal can be written.
const WATCH_EVERY: Duration = Duration::from_secs(10);

/// How long a server that was killed keeps others from what it was at.
const LEASE: Duration = Duration::from_secs(60);

/// How often it is looked whether everything is to be read again.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

/// What the server does by itself, and how much of the machine it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upkeep {
    /// Of collection.
    collection: Budget,
    /// The time between two rounds of it.
    interval: Duration,
    /// Of reading everything again.
    scrub: Budget,
    /// The time between two runs of it; none where that is left to the operator.
    scrub_every: Option<Duration>,
}

impl Upkeep {
    pub(crate) fn of(config: &Config) -> Self {
        let collection = &config.collection;
        Self {
            collection: Budget {
                percent: percent(collection.share),
                bytes_per_second: None,
                objects_per_second: Some(collection.deletions as u64),
            },
            interval: collection.interval,
            scrub: Budget {
                percent: percent(config.scrub.share),
                bytes_per_second: Some(config.scrub.rate.0),
                objects_per_second: None,
            },
            scrub_every: (!config.scrub.every.is_zero()).then_some(config.scrub.every),
        }
    }
}

fn percent(share: usize) -> u32 {
    u32::try_from(share).unwrap_or(u32::MAX)
}

/// Does all of it until it is dropped.
pub(crate) async fn keep_house(registry: Registry, upkeep: Upkeep) {
    tokio::select! {
        () = fold_pulls(&registry) => {}
        () = collect(&registry, upkeep) => {}
        () = scrub(&registry, upkeep) => {}
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

/// Tells when the journal cannot be written, and when it can again.
pub(crate) async fn watch_journal(directory: Directory) {
    let mut ticks = interval(WATCH_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        ticks.tick().await;
        let figures = directory.metadata().journal_figures();
        let failure = figures.and_then(|figures| figures.failure);
        if failure != told {
            match &failure {
                Some(error) => tracing::error!(%error, "the journal cannot be written"),
                None => tracing::info!("the journal is written again"),
            }
        }
        told = failure;
    }
}

async fn collect(registry: &Registry, upkeep: Upkeep) {
    let turn = Turn {
        work: "collection",
        lease: LEASE,
        pause: upkeep.interval,
    };
    loop {
        let round = registry.collect_in_turn(turn, upkeep.collection, &TokioTimer);
        let rest = match round.await {
            Ok(Some(report)) => {
                tell(&report);
                upkeep.interval
            }
            Ok(None) => upkeep.interval.min(LEASE),
            Err(error) => {
                tracing::warn!(%error, "a round of collection ended early");
                upkeep.interval
            }
        };
        sleep(rest).await;
    }
}

async fn scrub(registry: &Registry, upkeep: Upkeep) {
    let Some(every) = upkeep.scrub_every else {
        return std::future::pending().await;
    };
    loop {
        match scrub_if_due(registry, upkeep.scrub, every).await {
            Ok(()) => {}
            Err(error) => tracing::warn!(%error, "reading everything again ended early"),
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn scrub_if_due(
    registry: &Registry,
    budget: Budget,
    every: Duration,
) -> Result<(), registry_core::Error> {
    if !registry.scrub_is_due(every, &TokioTimer).await? {
        return Ok(());
    }
    let options = ScrubOptions {
        resume: true,
        quarantine: true,
        give_up_absent: false,
        gives_way: true,
    };
    let tell = |_: &ScrubReport, found: Vec<Finding>| {
        for finding in found {
            tracing::error!(%finding, "found wrong");
        }
    };
    let run = async {
        let run = registry.scrub_within(options, budget, &TokioTimer, tell);
        match run.await {
            Ok(report) => tracing::info!(?report, "read everything again"),
            Err(ScrubError::Running | ScrubError::Overtaken) => {
                tracing::info!("somebody has everything read again");
            }
            Err(ScrubError::Engine(error)) => return Err(error),
        }
        Ok(())
    };
    let turn = Turn {
        work: "scrub",
        lease: LEASE,
        pause: Duration::ZERO,
    };
    registry.in_turn(turn, &TokioTimer, run).await.map(drop)
}

fn tell(report: &CollectReport) {
    tracing::debug!(?report, "collected");
    if let Some(stopped) = report.stopped {
        tracing::warn!(%stopped, "files that no metadata names are left alone");
    }
}
