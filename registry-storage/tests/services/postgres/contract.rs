//! The contract, stamped for PostgreSQL.

use std::sync::Arc;

use registry_core::backend::BlobStore;
use registry_storage::{engine_contract, memory::MemoryParts, metadata_contract};

use super::harness::Harness;

metadata_contract!(postgres_metadata, || async { Harness::new().await });

engine_contract!(engines_on_postgres, || async {
    let blobs = Arc::new(MemoryParts::with_part_size(512)) as Arc<dyn BlobStore>;
    (blobs, Harness::new().await)
});
