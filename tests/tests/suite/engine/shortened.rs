//! A store whose disk went wrong.

use std::{ops::Range, sync::Arc};

use registry_core::backend::{
    BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
    StoreErrorKind,
};
use registry_storage::memory::MemoryBlobs;

/// A store that lost the end of every object.
pub(super) struct Shortened(pub(super) Arc<MemoryBlobs>);

#[async_trait::async_trait]
impl BlobStore for Shortened {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.0.begin().await
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.0.resume(from).await
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let size = self.stat(key).await?.unwrap_or(0);
        if range.as_ref().is_some_and(|range| range.end > size) {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "beyond the end",
            ));
        }
        let bytes = self.0.read(key, range.or(Some(0..size))).await?.bytes;
        Ok(ObjectRead { size, bytes })
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        Ok(self.0.stat(key).await?.map(|size| size - 1))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.0.delete(key).await
    }

    async fn list(
        &self,
        kind: ObjectKind,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        self.0.list(kind, after, limit).await
    }

    fn part_size(&self) -> u64 {
        self.0.part_size()
    }
}
