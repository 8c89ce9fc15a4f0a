//! What the server does by itself.

use std::{sync::Arc, time::Duration};

use registry_core::{Clock, Registry, SystemClock};
use registry_server::Collections;
use tokio::time::{MissedTickBehavior, interval};

/// How often counted pulls are folded and a round of collection begins.
const EVERY: Duration = Duration::from_secs(60);

/// Folds counted pulls and collects, now and then. What fails is tried again with the next round.
pub(crate) async fn keep_house(registry: Registry, collections: Arc<Collections>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = registry.flush_pulls().await {
            tracing::warn!(%error, "pulls could not be folded");
        }
        match registry.collect().await {
            Ok(report) => {
                collections.done(&report, SystemClock.now());
                tracing::debug!(?report, "collected");
            }
            Err(error) => {
                collections.failed();
                tracing::warn!(%error, "a round of collection ended early");
            }
        }
    }
}
