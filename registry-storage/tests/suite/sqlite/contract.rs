//! The contract, stamped for SQLite, as it is and with polls in between.

use registry_storage::{Durability, metadata_contract};

use super::harness::Harness;
use crate::waiting;

metadata_contract!(sqlite_metadata, || async {
    Harness::new(Durability::Strict, |metadata| metadata)
});

metadata_contract!(waiting_sqlite_metadata, || async {
    Harness::new(Durability::Strict, waiting::metadata)
});
