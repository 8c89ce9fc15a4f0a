//! The data directory: its figures, and whether it can be written to.

use std::sync::Arc;

use async_trait::async_trait;
use registry_server::{Buckets, Exposition, Gather, HealthCheck, Unhealthy};
use registry_storage::{
    directory::JournalFigures,
    disk::DiskBlobs,
    sqlite::{Spread, SqliteMetadata},
};

/// The database.
pub(super) struct Database(pub(super) Arc<SqliteMetadata>);

/// The directory of large content.
pub(super) struct Content(pub(super) DiskBlobs);

#[async_trait]
impl HealthCheck for Database {
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        self.0.probe().await.map_err(Unhealthy::new)
    }
}

#[async_trait]
impl HealthCheck for Content {
    fn name(&self) -> &str {
        "storage"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        self.0.probe().await.map_err(Unhealthy::new)
    }
}

impl Gather for Database {
    fn gather(&self, page: &mut Exposition) {
        let figures = self.0.commit_figures();
        let help = "Commands of the database that were committed.";
        let mut family = page.counter("registry_database_commands_total", help);
        family.count(&[], figures.counts.commands);
        let help = "Transactions of the database, each of one sync where durability is strict.";
        page.counter("registry_database_commits_total", help)
            .count(&[("outcome", "done")], figures.counts.commits)
            .count(&[("outcome", "failed")], figures.failed);
        let help = "How many commands shared a transaction.";
        let mut family = page.histogram("registry_database_group_size", help);
        family.spread(&[], &buckets(figures.group_sizes));
        let help = "How long commits took, the wait for the disk included.";
        let mut family = page.histogram("registry_database_commit_seconds", help);
        family.spread(&[], &buckets(figures.seconds));
        if let Some(figures) = self.0.journal_figures() {
            journal(page, &figures);
        }
    }
}

fn journal(page: &mut Exposition, figures: &JournalFigures) {
    let help = "How far the journal is behind the database, in seconds.";
    page.gauge("registry_journal_lag_seconds", help)
        .value(&[], figures.lag.as_secs_f64());
    let help = "When the journal had everything last, in seconds since 1970.";
    page.gauge("registry_journal_complete_timestamp_seconds", help)
        .value(&[], figures.complete.as_millis() as f64 / 1000.0);
    let help = "Things that changed and are not in the journal yet, up to a hundred thousand.";
    page.gauge("registry_journal_waiting", help)
        .count(&[], figures.waiting);
    let help = "Bytes of the journal's files.";
    page.gauge("registry_journal_bytes", help)
        .count(&[], figures.bytes);
    let help = "How often the journal could not be written; it is tried again.";
    page.counter("registry_journal_failures_total", help)
        .count(&[], figures.failures);
}

impl Gather for Content {
    fn gather(&self, page: &mut Exposition) {
        // Where the disk is gone there is nothing to tell; readiness says so.
        let Ok(space) = self.0.space() else { return };
        for (name, help, count) in [
            (
                "registry_storage_bytes",
                "Bytes of the file system with the content.",
                space.total,
            ),
            (
                "registry_storage_available_bytes",
                "Bytes of it that are free for this server.",
                space.available,
            ),
            (
                "registry_storage_files",
                "Files that the file system may have, 0 where that is not limited.",
                space.files_total,
            ),
            (
                "registry_storage_available_files",
                "Files of those that are free for this server.",
                space.files_available,
            ),
        ] {
            page.gauge(name, help).count(&[], count);
        }
    }
}

fn buckets(spread: Spread) -> Buckets {
    let Spread {
        bounds,
        counts,
        sum,
    } = spread;
    Buckets {
        bounds,
        counts,
        sum,
    }
}
