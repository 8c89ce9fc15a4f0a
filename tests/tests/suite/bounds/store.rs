//! A store that keeps nothing: objects are zeros of the length that was appended, made as they are
//! read, and it knows how many bytes of them are held by whoever reads.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use registry_core::{
    Digest,
    backend::{
        BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
        StoreErrorKind, Tail,
    },
};

/// The length of a piece that is read.
pub(super) const PIECE: usize = 64 << 10;

#[derive(Default)]
pub(super) struct Zeros {
    writes: AtomicU64,
    held: Arc<Held>,
}

#[derive(Default)]
struct Held {
    now: AtomicU64,
    most: AtomicU64,
}

/// A piece that counts itself out when it is dropped.
struct Piece(Arc<Held>, Vec<u8>);

struct ZeroWrite {
    key: ObjectKey,
    size: u64,
}

impl Zeros {
    /// The most bytes held by readers at one moment.
    pub(super) fn most_held(&self) -> u64 {
        self.held.most.load(Ordering::SeqCst)
    }
}

impl Held {
    fn piece(self: &Arc<Self>, length: usize) -> Bytes {
        let now = self.now.fetch_add(length as u64, Ordering::SeqCst) + length as u64;
        self.most.fetch_max(now, Ordering::SeqCst);
        Bytes::from_owner(Piece(Arc::clone(self), vec![0; length]))
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.1
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.0.now.fetch_sub(self.1.len() as u64, Ordering::SeqCst);
    }
}

fn size(key: &ObjectKey) -> u64 {
    key.as_str()
        .split('-')
        .next_back()
        .and_then(|size| size.parse().ok())
        .unwrap_or(0)
}

#[async_trait]
impl BlobStore for Zeros {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(ZeroWrite {
            key: ObjectKey::new(format!("write-{number}")),
            size: 0,
        }))
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        Ok(Box::new(ZeroWrite {
            key: from.key.clone(),
            size: from.offset,
        }))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let size = size(key);
        let Range { start, end } = range.unwrap_or(0..size);
        let held = Arc::clone(&self.held);
        let pieces = stream::iter((start..end).step_by(PIECE)).map(move |at| {
            let length = (end - at).min(PIECE as u64);
            Ok(held.piece(usize::try_from(length).unwrap_or(PIECE)))
        });
        Ok(ObjectRead {
            size,
            bytes: pieces.boxed(),
        })
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        Ok(Some(size(key)))
    }

    async fn delete(&self, _: &ObjectKey) -> Result<(), StoreError> {
        Ok(())
    }

    async fn list(
        &self,
        _: ObjectKind,
        _: Option<&ObjectKey>,
        _: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        Ok(Vec::new())
    }

    fn part_size(&self) -> u64 {
        1 << 20
    }
}

#[async_trait]
impl BlobWrite for ZeroWrite {
    fn key(&self) -> &ObjectKey {
        &self.key
    }

    fn committed_key(&self, _: &Digest) -> ObjectKey {
        ObjectKey::new(format!("{}-{}", self.key, self.size))
    }

    async fn append(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "only zeros are kept here",
            ));
        }
        self.size += bytes.len() as u64;
        Ok(())
    }

    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError> {
        Ok(StoreCheckpoint {
            key: self.key.clone(),
            offset: self.size,
            state: Bytes::new(),
            tail: Tail::default(),
        })
    }

    async fn commit(self: Box<Self>, digest: &Digest) -> Result<ObjectKey, StoreError> {
        Ok(self.committed_key(digest))
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}
