//! What the suite needs of a store.

use std::sync::Arc;

use registry_core::backend::BlobStore;

/// A store that is fresh and empty, and the view that another process has of it.
pub trait BlobStoreHarness: Send + Sync {
    /// The store.
    fn store(&self) -> Arc<dyn BlobStore>;

    /// The same store, opened as by another process: it shares nothing with [`store`](Self::store)
    /// but what a disk or a network would share. For a store that lives in one process, itself.
    fn second(&self) -> Arc<dyn BlobStore>;

    /// Whether the store can tell which writes are unfinished. One that cannot must list none.
    fn lists_unfinished(&self) -> bool {
        true
    }

    /// Whether the store has something of a write that is shorter than a part, once it has a checkpoint.
    /// One that has not cannot know that the write was given up.
    fn keeps_short_writes(&self) -> bool {
        true
    }

    /// Whether an overtaken writer that still sends may spoil what the newest one has sent, so that
    /// neither can commit.
    fn overtaken_may_spoil(&self) -> bool {
        false
    }

    /// Whether a commit takes what it has checked. A store that checks parts and then reads them again may
    /// take one that an overtaken writer has sent in between.
    fn completes_at_one_moment(&self) -> bool {
        true
    }

    /// Whether a delete waits until nobody reads the object any more.
    fn readers_hold_objects(&self) -> bool {
        false
    }
}

/// A store that lives in one process: both views are the store itself.
impl BlobStoreHarness for Arc<dyn BlobStore> {
    fn store(&self) -> Arc<dyn BlobStore> {
        Self::clone(self)
    }

    fn second(&self) -> Arc<dyn BlobStore> {
        Self::clone(self)
    }
}
