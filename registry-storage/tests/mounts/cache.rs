//! A cache whose disk is full: its readers do not see it.

use std::sync::Arc;

use futures_util::TryStreamExt;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey},
};
use registry_storage::{cache::Cached, contract::run, memory::MemoryBlobs};

use super::{Small, store::push};

/// More than the disk has.
const ROOM: u64 = 1 << 30;

/// A store, and a cache before it.
struct Cache {
    store: Arc<MemoryBlobs>,
    cached: Cached,
}

impl Cache {
    fn open(small: &Small) -> Self {
        let store = Arc::new(MemoryBlobs::default());
        let cached = Cached::open(Arc::clone(&store) as _, &small.path(), ROOM).unwrap();
        Self { store, cached }
    }

    async fn blob(&self, fill: u8, size: usize) -> (ObjectKey, Vec<u8>) {
        let bytes = vec![fill; size];
        (push(&*self.store, bytes.clone()).await.unwrap(), bytes)
    }

    async fn reads(&self, (key, bytes): &(ObjectKey, Vec<u8>)) {
        let digest = Digest::sha256(bytes);
        let read = self.cached.read_content(key, &digest, None).await.unwrap();
        let pieces: Vec<_> = read.bytes.try_collect().await.unwrap();
        assert!(pieces.concat() == *bytes);
    }

    /// What of this it has done: hits, failures, and blobs that it has.
    fn figures(&self) -> [u64; 3] {
        let figures = self.cached.figures();
        [figures.hits, figures.failures, figures.blobs]
    }
}

#[test]
fn a_blob_for_which_the_disk_of_a_cache_has_no_room_is_read_from_the_store() {
    run(async {
        let small = Small::mount("4m");
        let cache = Cache::open(&small);
        let (kept, large) = (cache.blob(1, 1 << 20).await, cache.blob(2, 8 << 20).await);
        cache.reads(&kept).await;
        for failures in 1..=2 {
            cache.reads(&large).await;
            cache.reads(&kept).await;
            assert_eq!(cache.figures(), [failures, failures, 1]);
        }
        // What did not fit left nothing behind.
        let other = cache.blob(3, 2 << 20).await;
        cache.reads(&other).await;
        cache.reads(&other).await;
        assert_eq!(cache.figures(), [3, 2, 2]);

        small.remount("size=32m");
        cache.reads(&large).await;
        cache.reads(&large).await;
        assert_eq!(cache.figures(), [4, 2, 3]);
    });
}
