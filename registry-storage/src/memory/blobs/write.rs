//! A write to the store in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use registry_core::{
    Digest,
    backend::{BlobWrite, ObjectKey, StoreCheckpoint, StoreError, Tail},
};

use super::{Store, write_state};
use crate::memory::{objects::lock, segments::Segments};

/// Appended bytes shorter than this are copied together: a short slice would keep the whole network
/// buffer it was cut from.
const SHORT: usize = 64 << 10;

/// As much as this is copied together before it becomes a piece.
const GATHERED: usize = 1 << 20;

pub(super) struct MemoryWrite {
    store: Arc<Mutex<Store>>,
    number: u64,
    key: ObjectKey,
    content: Segments,
    gathered: BytesMut,
    /// How many pieces of the content the store has kept, and the number of the last of them.
    kept: usize,
    last: Option<u64>,
}

impl MemoryWrite {
    pub(super) fn new(store: Arc<Mutex<Store>>, number: u64, key: ObjectKey) -> Self {
        Self {
            store,
            number,
            key,
            content: Segments::default(),
            gathered: BytesMut::new(),
            kept: 0,
            last: None,
        }
    }

    /// The same writer, going on behind what the store has kept.
    pub(super) fn after(self, content: Segments, last: Option<u64>) -> Self {
        Self {
            kept: content.pieces().len(),
            content,
            last,
            ..self
        }
    }

    fn flush(&mut self) {
        self.content.push(self.gathered.split().freeze());
    }
}

#[async_trait]
impl BlobWrite for MemoryWrite {
    fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// It names the writer too, so that of two writers of one write neither can be taken for the other.
    fn committed_key(&self, digest: &Digest) -> ObjectKey {
        ObjectKey::new(format!("blob/{digest}/{:016x}", self.number))
    }

    async fn append(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        if bytes.len() >= SHORT {
            self.flush();
            self.content.push(bytes);
            return Ok(());
        }
        self.gathered.extend_from_slice(&bytes);
        if self.gathered.len() >= GATHERED {
            self.flush();
        }
        Ok(())
    }

    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError> {
        self.flush();
        let new = &self.content.pieces()[self.kept..];
        self.last = lock(&self.store)?.keep(&self.key, self.last, new)?;
        self.kept = self.content.pieces().len();
        Ok(StoreCheckpoint {
            key: self.key.clone(),
            offset: self.content.len(),
            state: write_state(self.last),
            tail: Tail::default(),
        })
    }

    async fn commit(mut self: Box<Self>, digest: &Digest) -> Result<ObjectKey, StoreError> {
        self.flush();
        let committed = self.committed_key(digest);
        lock(&self.store)?.commit(&self.key, committed.clone(), self.content)?;
        Ok(committed)
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        lock(&self.store)?.writes.remove(&self.key);
        Ok(())
    }
}
