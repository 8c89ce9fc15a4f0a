//! Any store of blobs with something around each call.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{
        BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
    },
};

use super::{around::Around, operation::Operation};

/// A [`BlobStore`] with something around each call, also those of its writes.
pub struct WrappedBlobs<A> {
    inner: Arc<dyn BlobStore>,
    around: Arc<A>,
}

impl<A: Around> WrappedBlobs<A> {
    /// Wraps it.
    #[must_use]
    pub fn new(inner: Arc<dyn BlobStore>, around: Arc<A>) -> Self {
        Self { inner, around }
    }

    fn wrap(&self, inner: Box<dyn BlobWrite>) -> Box<dyn BlobWrite> {
        let around = Arc::clone(&self.around);
        Box::new(WrappedWrite { inner, around })
    }
}

#[async_trait]
impl<A: Around> BlobStore for WrappedBlobs<A> {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        let call = self.inner.begin();
        let write = self.around.around(Operation::Begin, call).await?;
        Ok(self.wrap(write))
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        let call = self.inner.resume(from);
        let write = self.around.around(Operation::Resume, call).await?;
        Ok(self.wrap(write))
    }

    async fn resume_to_append(
        &self,
        from: &StoreCheckpoint,
    ) -> Result<Box<dyn BlobWrite>, StoreError> {
        let call = self.inner.resume_to_append(from);
        let write = self.around.around(Operation::Resume, call).await?;
        Ok(self.wrap(write))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let call = self.inner.read(key, range);
        self.around.around(Operation::Read, call).await
    }

    async fn read_content(
        &self,
        key: &ObjectKey,
        digest: &Digest,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let call = self.inner.read_content(key, digest, range);
        self.around.around(Operation::Read, call).await
    }

    async fn read_once(&self, key: &ObjectKey) -> Result<ObjectRead, StoreError> {
        let call = self.inner.read_once(key);
        self.around.around(Operation::Read, call).await
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        let call = self.inner.stat(key);
        self.around.around(Operation::Stat, call).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let call = self.inner.delete(key);
        self.around.around(Operation::Delete, call).await
    }

    async fn list(
        &self,
        kind: ObjectKind,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        let call = self.inner.list(kind, after, limit);
        self.around.around(Operation::List, call).await
    }

    fn part_size(&self) -> u64 {
        self.inner.part_size()
    }
}

struct WrappedWrite<A> {
    inner: Box<dyn BlobWrite>,
    around: Arc<A>,
}

#[async_trait]
impl<A: Around> BlobWrite for WrappedWrite<A> {
    fn key(&self) -> &ObjectKey {
        self.inner.key()
    }

    fn committed_key(&self, digest: &Digest) -> ObjectKey {
        self.inner.committed_key(digest)
    }

    async fn announce(&mut self, bytes: u64) -> Result<(), StoreError> {
        let call = self.inner.announce(bytes);
        self.around.around(Operation::Announce, call).await
    }

    fn outgrows(&self, more: u64) -> bool {
        self.inner.outgrows(more)
    }

    async fn enter(&mut self, kept: u64) -> Result<StoreCheckpoint, StoreError> {
        let call = self.inner.enter(kept);
        self.around.around(Operation::Enter, call).await
    }

    async fn append(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let call = self.inner.append(bytes);
        self.around.around(Operation::Append, call).await
    }

    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError> {
        let call = self.inner.checkpoint();
        self.around.around(Operation::Checkpoint, call).await
    }

    async fn commit(self: Box<Self>, digest: &Digest) -> Result<ObjectKey, StoreError> {
        let call = self.inner.commit(digest);
        self.around.around(Operation::Commit, call).await
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        let call = self.inner.abort();
        self.around.around(Operation::Abort, call).await
    }
}
