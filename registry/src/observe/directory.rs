//! The data directory: its figures, and whether it can be written to.

use std::sync::Arc;

use async_trait::async_trait;
use registry_server::{Buckets, Exposition, Gather, HealthCheck, Unhealthy};
use registry_storage::{
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
    }
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
