//! The contract, stamped for each backend in memory, at once and with polls in between.

use std::sync::Arc;

use registry_core::backend::BlobStore;
use registry_storage::{
    blob_store_contract,
    contract::metadata::LocalMetadata,
    engine_contract,
    memory::{MemoryBlobs, MemoryMetadata, MemoryParts},
    metadata_contract,
};

use crate::waiting;

/// Small enough that clauses fill several.
const PART_SIZE: u64 = 512;

blob_store_contract!(memory_blobs, || async {
    Arc::new(MemoryBlobs::new()) as Arc<dyn BlobStore>
});

blob_store_contract!(memory_parts, || async {
    Arc::new(MemoryParts::with_part_size(PART_SIZE)) as Arc<dyn BlobStore>
});

blob_store_contract!(waiting_parts, || async {
    waiting::blobs(Arc::new(MemoryParts::with_part_size(PART_SIZE)))
});

metadata_contract!(memory_metadata, || async {
    LocalMetadata::new(|clock| Arc::new(MemoryMetadata::new(Arc::new(clock))))
});

metadata_contract!(waiting_metadata, || async {
    LocalMetadata::new(|clock| waiting::metadata(Arc::new(MemoryMetadata::new(Arc::new(clock)))))
});

engine_contract!(engines_in_memory, || async {
    let blobs = Arc::new(MemoryParts::with_part_size(PART_SIZE)) as Arc<dyn BlobStore>;
    let metadata = LocalMetadata::new(|clock| Arc::new(MemoryMetadata::new(Arc::new(clock))));
    (blobs, metadata)
});

engine_contract!(waiting_engines, || async {
    let blobs = waiting::blobs(Arc::new(MemoryParts::with_part_size(PART_SIZE)));
    let metadata = LocalMetadata::new(|clock| {
        waiting::metadata(Arc::new(MemoryMetadata::new(Arc::new(clock))))
    });
    (blobs, metadata)
});
