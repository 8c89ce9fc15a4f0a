//! A write in parts.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobWrite, ObjectKey, StoreCheckpoint, StoreError, Tail},
};

use super::{Store, state::WriteState};
use crate::memory::{objects::lock, segments::Segments};

pub(super) struct PartsWrite {
    store: Arc<Mutex<Store>>,
    part_size: u64,
    key: ObjectKey,
    offset: u64,
    parts: Vec<u64>,
    /// What is shorter than a part and waits for more.
    buffer: Segments,
}

impl PartsWrite {
    pub(super) fn new(store: Arc<Mutex<Store>>, part_size: u64, key: ObjectKey) -> Self {
        Self {
            store,
            part_size,
            key,
            offset: 0,
            parts: Vec::new(),
            buffer: Segments::default(),
        }
    }

    /// The same writer, going on at `offset` behind these parts with the tail in its buffer.
    pub(super) fn after(self, offset: u64, parts: Vec<u64>, tail: Segments) -> Self {
        Self {
            offset,
            parts,
            buffer: tail,
            ..self
        }
    }

    fn upload(&mut self, bytes: Segments) -> Result<u64, StoreError> {
        lock(&self.store)?.upload(&self.key, bytes)
    }

    fn keep_tail(&mut self) -> Result<Option<u64>, StoreError> {
        if self.buffer.len() == 0 {
            lock(&self.store)?.unfinished(&self.key)?;
            return Ok(None);
        }
        self.upload(self.buffer.clone()).map(Some)
    }
}

#[async_trait]
impl BlobWrite for PartsWrite {
    fn key(&self) -> &ObjectKey {
        &self.key
    }

    fn committed_key(&self, _: &Digest) -> ObjectKey {
        self.key.clone()
    }

    async fn append(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.offset += bytes.len() as u64;
        self.buffer.push(bytes);
        while self.buffer.len() >= self.part_size {
            let part = self.buffer.take_front(self.part_size);
            let id = self.upload(part)?;
            self.parts.push(id);
        }
        Ok(())
    }

    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError> {
        let tail = self.keep_tail()?;
        let parts = self.parts.clone();
        Ok(StoreCheckpoint {
            key: self.key.clone(),
            offset: self.offset,
            state: WriteState { parts, tail }.write(),
            tail: Tail::default(),
        })
    }

    async fn commit(mut self: Box<Self>, _: &Digest) -> Result<ObjectKey, StoreError> {
        // The last part may be as short as it likes; an object of no bytes has no part at all.
        let tail = self.keep_tail()?;
        self.parts.extend(tail);
        lock(&self.store)?.complete(&self.key, &self.parts)?;
        Ok(self.key)
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        lock(&self.store)?.uploads.remove(&self.key);
        Ok(())
    }
}
