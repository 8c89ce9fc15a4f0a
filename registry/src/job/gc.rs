//! `registry gc`: a round of collection, now.

use registry_core::{Budget, CollectReport, Error, Stopped};
use registry_server::TokioTimer;
use serde::{Deserialize, Serialize};

use super::Report;
use crate::{failure::Failure, place::Place};

/// A round of collection.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Gc {
    /// Whether what a restored database does not know may go.
    pub(crate) accept_restored: bool,
    /// Whether any number of unknown files may go.
    pub(crate) accept_unknown: bool,
}

impl Gc {
    pub(super) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        if self.accept_restored {
            accept(place, report).await?;
        }
        let mut round = place.registry.collector();
        if self.accept_unknown {
            round = round.accept_unknown();
        }
        let collected = round.finish_within(Budget::UNBOUNDED, &TokioTimer).await?;
        lines(&collected).iter().for_each(|line| report.line(line));
        match collected.stopped {
            Some(stopped) => Err(Failure::found(told(stopped))),
            None => Ok(()),
        }
    }
}

/// What was not done, and how it is accepted.
fn told(stopped: Stopped) -> String {
    let flag = match stopped {
        Stopped::TooMany { .. } => "--accept-unknown",
        Stopped::Held { .. } => "--accept-restored",
    };
    format!("{stopped} by `registry gc {flag}`")
}

/// From now on what the database does not know is what it is in any other registry: unneeded.
async fn accept(place: &Place, report: &dyn Report) -> Result<(), Failure> {
    let metadata = place.kept.metadata();
    let held = metadata.orphans_held().await.map_err(Error::from)?;
    if held {
        metadata.hold_orphans(false).await.map_err(Error::from)?;
        report.line("the restored database is accepted: files newer than it are given up after the grace period");
    } else {
        report.line("nothing was restored: there is nothing to accept");
    }
    Ok(())
}

fn lines(collected: &CollectReport) -> [String; 5] {
    let CollectReport {
        expired_uploads,
        condemned,
        removed,
        objects_deleted,
        orphans_found,
        orphans_doomed,
        ..
    } = collected;
    [
        format!("uploads expired: {expired_uploads}"),
        format!(
            "found unneeded, to be removed after the grace period: {} blobs, {} manifests, {} contents",
            condemned.blobs, condemned.manifests, condemned.contents
        ),
        format!(
            "removed: {} blobs, {} manifests, {} contents of {} bytes",
            removed.blobs, removed.manifests, removed.contents, removed.bytes
        ),
        format!("files deleted: {objects_deleted}"),
        format!(
            "files that no metadata names: {orphans_found}, of which given up: {orphans_doomed}"
        ),
    ]
}
