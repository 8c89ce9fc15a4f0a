//! A store that is read as the engine reads it: by the digest of what was committed.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{
        BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
    },
};

type Digests = Arc<Mutex<HashMap<ObjectKey, Digest>>>;

/// A store, and the digests of what was committed to it.
pub(crate) struct Known {
    inner: Arc<dyn BlobStore>,
    digests: Digests,
}

impl Known {
    pub(crate) fn new(inner: Arc<dyn BlobStore>) -> Self {
        let digests = Digests::default();
        Self { inner, digests }
    }

    fn wrap(&self, inner: Box<dyn BlobWrite>) -> Box<dyn BlobWrite> {
        let digests = Arc::clone(&self.digests);
        Box::new(KnownWrite { inner, digests })
    }
}

#[async_trait]
impl BlobStore for Known {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        Ok(self.wrap(self.inner.begin().await?))
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        Ok(self.wrap(self.inner.resume(from).await?))
    }

    async fn resume_to_append(
        &self,
        from: &StoreCheckpoint,
    ) -> Result<Box<dyn BlobWrite>, StoreError> {
        Ok(self.wrap(self.inner.resume_to_append(from).await?))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let digest = self.digests.lock().unwrap().get(key).cloned();
        match digest {
            Some(digest) => self.inner.read_content(key, &digest, range).await,
            None => self.inner.read(key, range).await,
        }
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        self.inner.stat(key).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.inner.delete(key).await
    }

    async fn list(
        &self,
        kind: ObjectKind,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        self.inner.list(kind, after, limit).await
    }

    fn part_size(&self) -> u64 {
        self.inner.part_size()
    }
}

struct KnownWrite {
    inner: Box<dyn BlobWrite>,
    digests: Digests,
}

#[async_trait]
impl BlobWrite for KnownWrite {
    fn key(&self) -> &ObjectKey {
        self.inner.key()
    }

    fn committed_key(&self, digest: &Digest) -> ObjectKey {
        self.inner.committed_key(digest)
    }

    async fn announce(&mut self, bytes: u64) -> Result<(), StoreError> {
        self.inner.announce(bytes).await
    }

    fn outgrows(&self, more: u64) -> bool {
        self.inner.outgrows(more)
    }

    async fn enter(&mut self, kept: u64) -> Result<StoreCheckpoint, StoreError> {
        self.inner.enter(kept).await
    }

    async fn append(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.inner.append(bytes).await
    }

    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError> {
        self.inner.checkpoint().await
    }

    async fn commit(self: Box<Self>, digest: &Digest) -> Result<ObjectKey, StoreError> {
        let key = self.inner.commit(digest).await?;
        let mut digests = self.digests.lock().unwrap();
        digests.insert(key.clone(), digest.clone());
        Ok(key)
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.abort().await
    }
}
