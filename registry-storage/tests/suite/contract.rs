//! The contract, stamped for each backend in memory.

use std::sync::Arc;

use registry_core::backend::BlobStore;
use registry_storage::{
    blob_store_contract,
    memory::{MemoryBlobs, MemoryParts},
    wrap::{Fault, Faults, FaultyBlobs, When},
};

blob_store_contract!(memory_blobs, || async {
    Arc::new(MemoryBlobs::new()) as Arc<dyn BlobStore>
});

blob_store_contract!(memory_parts, || async {
    Arc::new(MemoryParts::with_part_size(512)) as Arc<dyn BlobStore>
});

blob_store_contract!(waiting_parts, || async {
    let faults = Arc::new(Faults::default());
    faults.add(None, When::Every(1), Fault::Pending(2));
    Arc::new(FaultyBlobs::new(
        Arc::new(MemoryParts::with_part_size(512)),
        faults,
    )) as Arc<dyn BlobStore>
});
