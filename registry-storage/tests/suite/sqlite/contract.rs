//! The contract, stamped for SQLite, as it is and with polls in between.

use registry_storage::metadata_contract;

use super::fixture::Harness;
use crate::waiting;

metadata_contract!(sqlite_metadata, || async {
    Harness::new(|metadata| metadata)
});

metadata_contract!(waiting_sqlite_metadata, || async {
    Harness::new(waiting::metadata)
});
