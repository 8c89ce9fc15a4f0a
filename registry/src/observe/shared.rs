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
    }
}
