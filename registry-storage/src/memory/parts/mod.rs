//! A store of blobs in memory that behaves like an object store.
//!
//! It is there so that everything written for object stores has a fast and exact partner in tests: a
//! least part size, parts that never change once they are uploaded, no truncation, nothing visible
//! before completion, and one key from beginning to end. Parts have ids of their own; a real store's
//! part numbers would let an overtaken writer replace the parts of the one that took over, so a
//! backend for such a store has to give each writer part numbers, or an upload, of its own.

mod state;
mod write;

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use registry_core::backend::{
    BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
};

use self::{state::WriteState, write::PartsWrite};
use super::{
    objects::{self, Objects, absent, bad_checkpoint, lock, scattered},
    segments::Segments,
};

/// The least part size of S3.
const LEAST_PART_SIZE: u64 = 5 << 20;

/// A [`BlobStore`] in memory with the habits of an object store. Clones are the same store.
///
/// ```
/// use registry_core::backend::BlobStore;
/// use registry_storage::memory::MemoryParts;
///
/// assert_eq!(MemoryParts::new().part_size(), 5 * 1024 * 1024);
/// assert_eq!(MemoryParts::with_part_size(512).part_size(), 512);
/// ```
#[derive(Clone, Debug)]
pub struct MemoryParts {
    part_size: u64,
    store: Arc<Mutex<Store>>,
}

#[derive(Debug, Default)]
struct Store {
    /// The last number used, for keys and parts alike.
    last: u64,
    uploads: BTreeMap<ObjectKey, Upload>,
    objects: Objects,
}

/// What an unfinished write has put into the store: parts, and tails beside them.
///
/// A tail is what stood behind the last whole part at a checkpoint. A real store keeps it as a small
/// object under a key that only the checkpoint and the upload know, and removes it with the upload.
type Upload = HashMap<u64, Segments>;

impl Default for MemoryParts {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryParts {
    /// An empty store with parts of 5 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::with_part_size(LEAST_PART_SIZE)
    }

    /// An empty store with parts of that many bytes, at least one.
    #[must_use]
    pub fn with_part_size(bytes: u64) -> Self {
        Self {
            part_size: bytes.max(1),
            store: Arc::default(),
        }
    }

    fn writer(&self, key: ObjectKey) -> PartsWrite {
        PartsWrite::new(Arc::clone(&self.store), self.part_size, key)
    }
}

#[async_trait]
impl BlobStore for MemoryParts {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        let mut store = lock(&self.store)?;
        let key = ObjectKey::new(format!("object/{:016x}", scattered(store.next())));
        store.uploads.insert(key.clone(), Upload::default());
        Ok(Box::new(self.writer(key)))
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        let store = lock(&self.store)?;
        let upload = store.unfinished(&from.key)?;
        let state = WriteState::read(&from.state);
        let state = state.ok_or_else(|| bad_checkpoint(&from.key))?;
        let tail = kept_tail(upload, &state, from.offset);
        let tail = tail.ok_or_else(|| bad_checkpoint(&from.key))?;
        let writer = self.writer(from.key.clone());
        Ok(Box::new(writer.after(from.offset, state.parts, tail)))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        lock(&self.store)?.objects.read(key, range)
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        Ok(lock(&self.store)?.objects.size(key))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let mut store = lock(&self.store)?;
        store.objects.remove(key);
        store.uploads.remove(key);
        Ok(())
    }

    async fn list(
        &self,
        kind: ObjectKind,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        let store = lock(&self.store)?;
        Ok(match kind {
            ObjectKind::Committed => store.objects.page(after, limit),
            ObjectKind::Unfinished => objects::page(&store.uploads, after, limit),
        })
    }

    fn part_size(&self) -> u64 {
        self.part_size
    }
}

impl Store {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The write is neither completed nor given up.
    fn unfinished(&self, key: &ObjectKey) -> Result<&Upload, StoreError> {
        self.uploads.get(key).ok_or_else(|| absent(key))
    }

    /// Keeps a part or a tail of an unfinished write and answers its id.
    fn upload(&mut self, key: &ObjectKey, bytes: Segments) -> Result<u64, StoreError> {
        let id = self.next();
        let upload = self.uploads.get_mut(key).ok_or_else(|| absent(key))?;
        upload.insert(id, bytes);
        Ok(id)
    }

    /// Makes the object of these parts, in this order; all that was not named goes.
    fn complete(&mut self, key: &ObjectKey, parts: &[u64]) -> Result<(), StoreError> {
        let upload = self.unfinished(key)?;
        let object = joined(upload, parts).ok_or_else(|| absent(key))?;
        self.uploads.remove(key);
        self.objects.put(key.clone(), object);
        Ok(())
    }
}

/// These parts one after the other; none where one of them is not there.
fn joined(upload: &Upload, parts: &[u64]) -> Option<Segments> {
    let mut whole = Segments::default();
    for id in parts {
        whole.extend(upload.get(id)?.pieces().iter().cloned());
    }
    Some(whole)
}

/// The tail behind the parts of a checkpoint; none where they are not what the checkpoint says.
fn kept_tail(upload: &Upload, state: &WriteState, offset: u64) -> Option<Segments> {
    let parts = joined(upload, &state.parts)?;
    let tail = match state.tail {
        Some(id) => upload.get(&id)?.clone(),
        None => Segments::default(),
    };
    (parts.len() + tail.len() == offset).then_some(tail)
}
