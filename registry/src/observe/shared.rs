//! The database and the bucket that servers share: whether they answer, and the database's connections.

use std::sync::Arc;

use async_trait::async_trait;
use registry_server::{Exposition, Gather, HealthCheck, Unhealthy};
use registry_storage::{object::ObjectBlobs, postgres::PostgresMetadata};

/// The database.
pub(super) struct Database(pub(super) Arc<PostgresMetadata>);

/// The bucket.
pub(super) struct Bucket(pub(super) Arc<ObjectBlobs>);

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
impl HealthCheck for Bucket {
    fn name(&self) -> &str {
        "storage"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        self.0.probe().await.map_err(Unhealthy::new)
    }
}

impl Gather for Bucket {
    fn gather(&self, page: &mut Exposition) {
        let Some(figures) = self.0.hedges() else {
            return;
        };
        let help =
            "Reads of the bucket that were asked for a second time, because no answer had begun.";
        page.counter("registry_bucket_hedges_total", help)
            .count(&[], figures.requests);
        let help = "Those of them where the second request was answered first.";
        page.counter("registry_bucket_hedges_won_total", help)
            .count(&[], figures.won);
        if let Some(after) = figures.after {
            let help =
                "How long an answer of the bucket is waited for before it is asked a second time.";
            page.gauge("registry_bucket_hedge_seconds", help)
                .value(&[], after.as_secs_f64());
        }
    }
}

impl Gather for Database {
    fn gather(&self, page: &mut Exposition) {
        let connections = self.0.connections();
        let help = "Connections to the database.";
        page.gauge("registry_database_connections", help)
            .count(&[("state", "idle")], connections.idle)
            .count(&[("state", "used")], connections.used);
        let help = "Commands that wait for a connection to the database.";
        page.gauge("registry_database_waiting", help)
            .count(&[], connections.waiting);
        let figures = self.0.figures();
        let help = "How often counted pulls could not be folded; they wait in rows of their own.";
        page.counter("registry_database_fold_failures_total", help)
            .count(&[], figures.folds_failed);
        let help = "Passes of collection that wait for older transactions of the database to end, as this server \
            saw it last; where they grow, one stays open and nothing is removed.";
        page.gauge("registry_database_unsettled_passes", help)
            .count(&[], figures.unsettled);
        let help = "Listings that database.listings may answer, by who did: the standby, or the primary because that \
            was away or too far behind.";
        page.counter("registry_database_listings_total", help)
            .count(&[("by", "standby")], figures.listed_by_standby)
            .count(&[("by", "primary")], figures.listed_by_primary);
    }
}
