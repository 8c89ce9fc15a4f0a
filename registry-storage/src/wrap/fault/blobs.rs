//! A store of blobs that fails by plan.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{
        BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
    },
};

use super::{befall, failed, plan::Faults, rule::Fault, stream::spoiled};
use crate::wrap::{
    around::{Around, Failure},
    operation::Operation,
};

/// A [`BlobStore`] that fails by plan, also in the bytes that it reads and writes.
pub struct FaultyBlobs {
    inner: Arc<dyn BlobStore>,
    faults: Arc<Faults>,
}

impl FaultyBlobs {
    /// Wraps it.
    #[must_use]
    pub fn new(inner: Arc<dyn BlobStore>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }

    fn wrap(&self, inner: Box<dyn BlobWrite>) -> Box<dyn BlobWrite> {
        let faults = Arc::clone(&self.faults);
        Box::new(FaultyWrite { inner, faults })
    }
}

#[async_trait]
impl BlobStore for FaultyBlobs {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        let call = self.inner.begin();
        let write = self.faults.around(Operation::Begin, call).await?;
        Ok(self.wrap(write))
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        let call = self.inner.resume(from);
        let write = self.faults.around(Operation::Resume, call).await?;
        Ok(self.wrap(write))
    }

    async fn resume_to_append(
        &self,
        from: &StoreCheckpoint,
    ) -> Result<Box<dyn BlobWrite>, StoreError> {
        let call = self.inner.resume_to_append(from);
        let write = self.faults.around(Operation::Resume, call).await?;
        Ok(self.wrap(write))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let fault = self.faults.draw(Operation::Read);
        let call = self.inner.read(key, range);
        let read = befall(fault.as_ref(), Operation::Read, call).await?;
        Ok(ObjectRead {
            bytes: spoiled(read.bytes, fault.as_ref()),
            ..read
        })
    }

    async fn read_content(
        &self,
        key: &ObjectKey,
        digest: &Digest,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let fault = self.faults.draw(Operation::Read);
        let call = self.inner.read_content(key, digest, range);
        let read = befall(fault.as_ref(), Operation::Read, call).await?;
        Ok(ObjectRead {
            bytes: spoiled(read.bytes, fault.as_ref()),
            ..read
        })
    }

    async fn read_once(&self, key: &ObjectKey) -> Result<ObjectRead, StoreError> {
        let fault = self.faults.draw(Operation::Read);
        let call = self.inner.read_once(key);
        let read = befall(fault.as_ref(), Operation::Read, call).await?;
        Ok(ObjectRead {
            bytes: spoiled(read.bytes, fault.as_ref()),
            ..read
        })
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        let call = self.inner.stat(key);
        self.faults.around(Operation::Stat, call).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let call = self.inner.delete(key);
        self.faults.around(Operation::Delete, call).await
    }

    async fn list(
        &self,
        kind: ObjectKind,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        let call = self.inner.list(kind, after, limit);
        self.faults.around(Operation::List, call).await
    }

    fn part_size(&self) -> u64 {
        self.inner.part_size()
    }
}

struct FaultyWrite {
    inner: Box<dyn BlobWrite>,
    faults: Arc<Faults>,
}

#[async_trait]
impl BlobWrite for FaultyWrite {
    fn key(&self) -> &ObjectKey {
        self.inner.key()
    }

    fn committed_key(&self, digest: &Digest) -> ObjectKey {
        self.inner.committed_key(digest)
    }

    async fn announce(&mut self, bytes: u64) -> Result<(), StoreError> {
        let call = self.inner.announce(bytes);
        self.faults.around(Operation::Announce, call).await
    }

    fn outgrows(&self, more: u64) -> bool {
        self.inner.outgrows(more)
    }

    async fn enter(&mut self, kept: u64) -> Result<StoreCheckpoint, StoreError> {
        let call = self.inner.enter(kept);
        self.faults.around(Operation::Enter, call).await
    }

    async fn append(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let fault = self.faults.draw(Operation::Append);
        if let Some(Fault::TornWrite(keep)) = fault {
            let kept = bytes.slice(..keep.min(bytes.len()));
            self.inner.append(kept).await?;
            return Err(failed(Failure::Unknown, Operation::Append));
        }
        let call = self.inner.append(bytes);
        befall(fault.as_ref(), Operation::Append, call).await
    }

    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError> {
        let call = self.inner.checkpoint();
        self.faults.around(Operation::Checkpoint, call).await
    }

    async fn commit(self: Box<Self>, digest: &Digest) -> Result<ObjectKey, StoreError> {
        let call = self.inner.commit(digest);
        self.faults.around(Operation::Commit, call).await
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        let call = self.inner.abort();
        self.faults.around(Operation::Abort, call).await
    }
}
