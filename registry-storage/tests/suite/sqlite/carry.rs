//! The clauses of rows that are carried, stamped for SQLite.

use std::sync::Arc;

use registry_core::backend::{Carry, Metadata};
use registry_storage::{
    ManualClock, carry_contract, contract::carry::CarryHarness, sqlite::SqliteMetadata,
};

use super::fixture::Place;

struct Harness {
    metadata: Arc<SqliteMetadata>,
    _place: Place,
}

impl CarryHarness for Harness {
    fn metadata(&self) -> Arc<dyn Metadata> {
        Arc::clone(&self.metadata) as _
    }

    fn rows(&self) -> Arc<dyn Carry> {
        Arc::clone(&self.metadata) as _
    }
}

carry_contract!(sqlite_rows, || async {
    let place = Place::new();
    let metadata = Arc::new(place.open_with(ManualClock::default()));
    Harness {
        metadata,
        _place: place,
    }
});
