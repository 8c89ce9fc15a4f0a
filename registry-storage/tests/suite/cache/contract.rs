//! The contract, stamped for caches before a store in memory and before one over a bucket.

use std::sync::Arc;

use registry_core::backend::BlobStore;
use registry_storage::{
    blob_store_contract,
    cache::Cached,
    contract::{blob_store::BlobStoreHarness, metadata::LocalMetadata},
    engine_contract,
    memory::{MemoryBlobs, MemoryMetadata},
};
use tempfile::TempDir;

use crate::{
    known::Known,
    object::{Bucket, open},
};

/// A store with a cache; another process would have a cache of its own, and learns of deletes by metadata alone.
struct Harness {
    store: Arc<dyn BlobStore>,
    lists_unfinished: bool,
    _directory: TempDir,
}

impl Harness {
    fn new(inner: Arc<dyn BlobStore>, lists_unfinished: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let cached = Cached::open(inner, directory.path(), 64 << 20).unwrap();
        Self {
            store: Arc::new(Known::new(Arc::new(cached))),
            lists_unfinished,
            _directory: directory,
        }
    }
}

impl BlobStoreHarness for Harness {
    fn store(&self) -> Arc<dyn BlobStore> {
        Arc::clone(&self.store)
    }

    fn second(&self) -> Arc<dyn BlobStore> {
        self.store()
    }

    fn lists_unfinished(&self) -> bool {
        self.lists_unfinished
    }

    fn keeps_short_writes(&self) -> bool {
        self.lists_unfinished
    }
}

fn before_a_bucket(bucket: Bucket) -> Harness {
    Harness::new(Arc::new(open(&Arc::new(bucket))), false)
}

blob_store_contract!(cached_memory, || async {
    Harness::new(Arc::new(MemoryBlobs::default()), true)
});

blob_store_contract!(cached_bucket, || async {
    before_a_bucket(Bucket::default())
});

blob_store_contract!(cached_waiting_bucket, || async {
    before_a_bucket(Bucket::waiting())
});

engine_contract!(engines_over_a_cache, || async {
    let metadata = LocalMetadata::new(|clock| Arc::new(MemoryMetadata::new(Arc::new(clock))));
    (before_a_bucket(Bucket::default()), metadata)
});
