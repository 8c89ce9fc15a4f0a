//! Giving up on what stands still.
//!
//! The limit is on idleness, never on a whole transfer: a large layer on a slow link takes its time.

use std::pin::pin;
use std::time::Duration;

use super::outgoing::Progress;

/// Nothing moved for the whole limit.
pub(super) struct StoodStill;

/// Runs `work` as long as it ends or `progress` moves within each `limit`.
pub(super) async fn unless_idle<T>(
    limit: Duration,
    progress: &Progress,
    work: impl Future<Output = T>,
) -> Result<T, StoodStill> {
    let mut work = pin!(work);
    loop {
        let before = progress.bytes();
        match tokio::time::timeout(limit, &mut work).await {
            Ok(value) => return Ok(value),
            Err(_) if progress.bytes() == before => return Err(StoodStill),
            Err(_) => {}
        }
    }
}
