//! A store of blobs in memory.
//!
//! The bytes of an unfinished write form a tree. Each piece kept by a checkpoint knows the piece
//! before it, and a checkpoint names the last piece below it; so any number of writers may go on from
//! any checkpoint, and each has only its own bytes on its way back to the root. One list per write,
//! cut off at a resume, would be smaller by a word a piece, but a writer that was overtaken could then
//! append to the bytes of the one that took over.

mod write;

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::backend::{
    BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
};

use self::write::MemoryWrite;
use super::{
    objects::{self, Objects, absent, bad_checkpoint, lock, scattered},
    segments::Segments,
};

/// Checkpoints cost the same anywhere; this much is a fair amount to lose with a process.
const PART_SIZE: u64 = 1 << 20;

/// A [`BlobStore`] in memory. Clones are the same store.
///
/// ```
/// use registry_core::backend::BlobStore;
/// use registry_storage::memory::MemoryBlobs;
///
/// let blobs = MemoryBlobs::new();
/// let same = blobs.clone();
/// assert_eq!(same.part_size(), 1024 * 1024);
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryBlobs {
    store: Arc<Mutex<Store>>,
}

#[derive(Debug, Default)]
struct Store {
    /// The last number used, for keys, writers and pieces alike.
    last: u64,
    writes: BTreeMap<ObjectKey, Pieces>,
    objects: Objects,
}

/// The kept pieces of an unfinished write, by their numbers.
type Pieces = HashMap<u64, Piece>;

/// Some bytes of an unfinished write.
#[derive(Debug)]
struct Piece {
    before: Option<u64>,
    bytes: Bytes,
}

impl MemoryBlobs {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn writer(&self, number: u64, key: ObjectKey) -> Box<MemoryWrite> {
        Box::new(MemoryWrite::new(Arc::clone(&self.store), number, key))
    }
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        let mut store = lock(&self.store)?;
        let number = store.next();
        let key = ObjectKey::new(format!("write/{:016x}", scattered(number)));
        store.writes.insert(key.clone(), Pieces::default());
        Ok(self.writer(number, key))
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        let mut store = lock(&self.store)?;
        let number = store.next();
        let pieces = store.writes.get(&from.key);
        let pieces = pieces.ok_or_else(|| absent(&from.key))?;
        let last = read_state(from)?;
        let kept = path(pieces, last).filter(|kept| kept.len() == from.offset);
        let kept = kept.ok_or_else(|| bad_checkpoint(&from.key))?;
        let writer = self.writer(number, from.key.clone());
        Ok(Box::new(writer.after(kept, last)))
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
        store.writes.remove(key);
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
            ObjectKind::Unfinished => objects::page(&store.writes, after, limit),
        })
    }

    fn part_size(&self) -> u64 {
        PART_SIZE
    }
}

impl Store {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Keeps pieces behind the piece `last` and answers the number of the last one.
    fn keep(
        &mut self,
        key: &ObjectKey,
        mut last: Option<u64>,
        new: &[Bytes],
    ) -> Result<Option<u64>, StoreError> {
        let pieces = self.writes.get_mut(key).ok_or_else(|| absent(key))?;
        for bytes in new {
            self.last += 1;
            let (before, bytes) = (last, bytes.clone());
            pieces.insert(self.last, Piece { before, bytes });
            last = Some(self.last);
        }
        Ok(last)
    }

    /// Turns an unfinished write into an object.
    fn commit(
        &mut self,
        from: &ObjectKey,
        to: ObjectKey,
        content: Segments,
    ) -> Result<(), StoreError> {
        self.writes.remove(from).ok_or_else(|| absent(from))?;
        self.objects.put(to, content);
        Ok(())
    }
}

/// The pieces up to the last one; none where one of them is not known.
fn path(pieces: &Pieces, mut last: Option<u64>) -> Option<Segments> {
    let mut path = Vec::new();
    while let Some(number) = last {
        let piece = pieces.get(&number)?;
        path.push(piece.bytes.clone());
        last = piece.before;
    }
    let mut kept = Segments::default();
    kept.extend(path.into_iter().rev());
    Some(kept)
}

/// The number of the last piece below a checkpoint; none below an empty one.
fn read_state(from: &StoreCheckpoint) -> Result<Option<u64>, StoreError> {
    if from.state.is_empty() {
        return Ok(None);
    }
    let number = from.state.as_ref().try_into();
    let number = number.map_err(|_| bad_checkpoint(&from.key))?;
    Ok(Some(u64::from_be_bytes(number)))
}

/// What [`read_state`] reads.
fn write_state(last: Option<u64>) -> Bytes {
    last.map_or_else(Bytes::new, |number| {
        Bytes::copy_from_slice(&number.to_be_bytes())
    })
}
