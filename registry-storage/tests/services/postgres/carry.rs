//! The clauses of rows that are carried, stamped for PostgreSQL.

use std::sync::Arc;

use registry_core::backend::{Carry, Metadata};
use registry_storage::{
    carry_contract,
    contract::carry::CarryHarness,
    postgres::{PostgresMetadata, PostgresSettings},
};

use super::database::Database;

struct Harness {
    metadata: Arc<PostgresMetadata>,
    _database: Database,
}

impl CarryHarness for Harness {
    fn metadata(&self) -> Arc<dyn Metadata> {
        Arc::clone(&self.metadata) as _
    }

    fn rows(&self) -> Arc<dyn Carry> {
        Arc::clone(&self.metadata) as _
    }
}

carry_contract!(postgres_rows, || async {
    let database = Database::new().await;
    let settings = PostgresSettings::default();
    let opened = PostgresMetadata::connect(&database.address(), settings).await;
    Harness {
        metadata: Arc::new(opened.unwrap()),
        _database: database,
    }
});
