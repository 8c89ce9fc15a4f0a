//! The contract, stamped for a store over a bucket, opened twice as two processes would have it: at
//! once, and with polls in between.

use std::sync::Arc;

use registry_storage::{
    blob_store_contract, contract::metadata::LocalMetadata, engine_contract, memory::MemoryMetadata,
};

use super::{Bucket, Harness, Plain};

blob_store_contract!(object_blobs, || async { Harness::new(Bucket::default()) });

blob_store_contract!(waiting_object_blobs, || async {
    Harness::new(Bucket::waiting())
});

engine_contract!(engines_over_a_bucket, || async {
    let metadata = LocalMetadata::new(|clock| Arc::new(MemoryMetadata::new(Arc::new(clock))));
    (Harness::new(Bucket::default()), metadata)
});

engine_contract!(waiting_engines_over_a_bucket, || async {
    let metadata = LocalMetadata::new(|clock| Arc::new(MemoryMetadata::new(Arc::new(clock))));
    (Harness::new(Bucket::waiting()), metadata)
});

blob_store_contract!(plain_object_blobs, || async { Plain::default() });

engine_contract!(engines_over_a_plain_store, || async {
    let metadata = LocalMetadata::new(|clock| Arc::new(MemoryMetadata::new(Arc::new(clock))));
    (Plain::default(), metadata)
});
