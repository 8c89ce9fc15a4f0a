//! A cache before a store that counts, and whose answers can be held up.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use registry_core::{
    Digest,
    backend::{
        BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
    },
};
use registry_storage::{cache::Cached, memory::MemoryBlobs};
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// So much of a blob is handed out for a permit.
pub(super) const STEP: usize = 256 << 10;

/// A store that notes what is read, and hands out a step of it for each permit.
pub(super) struct Far {
    inner: MemoryBlobs,
    reads: Mutex<Vec<Option<Range<u64>>>>,
    permits: Arc<Semaphore>,
}

impl Far {
    /// What was read since this was asked before.
    pub(super) fn reads(&self) -> Vec<Option<Range<u64>>> {
        std::mem::take(&mut self.reads.lock().unwrap())
    }

    pub(super) fn let_through(&self, steps: usize) {
        self.permits.add_permits(steps);
    }
}

pub(super) struct Fixture {
    pub(super) far: Arc<Far>,
    pub(super) cached: Cached,
    directory: TempDir,
    room: u64,
}

/// A blob of the store.
#[derive(Clone)]
pub(super) struct Blob {
    pub(super) key: ObjectKey,
    pub(super) digest: Digest,
    pub(super) bytes: Bytes,
}

impl Fixture {
    pub(super) fn new(room: u64) -> Self {
        Self::with(room, Semaphore::MAX_PERMITS)
    }

    /// One whose store hands out nothing until it is let through.
    pub(super) fn held(room: u64) -> Self {
        Self::with(room, 0)
    }

    fn with(room: u64, permits: usize) -> Self {
        let far = Arc::new(Far {
            inner: MemoryBlobs::default(),
            reads: Mutex::default(),
            permits: Arc::new(Semaphore::new(permits)),
        });
        let directory = tempfile::tempdir().unwrap();
        let cached = open(&far, directory.path(), room);
        Self {
            far,
            cached,
            directory,
            room,
        }
    }

    /// As after a restart, with other room.
    pub(super) fn reopened(self, room: u64) -> Self {
        drop(self.cached);
        let cached = open(&self.far, self.directory.path(), room);
        Self {
            cached,
            room,
            ..self
        }
    }

    /// As after a restart, where something happened to the directory meanwhile.
    pub(super) fn reopened_after(self, what: impl FnOnce(&Path)) -> Self {
        what(self.directory.path());
        let room = self.room;
        self.reopened(room)
    }

    pub(super) async fn blob(&self, fill: u8, size: usize) -> Blob {
        let bytes: Bytes = (0..size).map(|at| fill ^ (at >> 8) as u8).collect();
        let digest = Digest::sha256(&bytes);
        let mut write = self.far.inner.begin().await.unwrap();
        write.append(bytes.clone()).await.unwrap();
        let key = write.commit(&digest).await.unwrap();
        Blob { key, digest, bytes }
    }

    pub(super) async fn open(
        &self,
        blob: &Blob,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let Blob { key, digest, .. } = blob;
        self.cached.read_content(key, digest, range).await
    }

    /// Reads its first step, with a permit for that.
    pub(super) async fn begin(&self, blob: &Blob) -> ObjectRead {
        self.far.let_through(1);
        let mut read = self.open(blob, None).await.unwrap();
        let piece = read.bytes.next().await.unwrap().unwrap();
        assert!(piece == blob.bytes[..STEP]);
        read
    }

    /// Reads all of it, and that it is right.
    pub(super) async fn read(&self, blob: &Blob) {
        let read = self.open(blob, None).await.unwrap();
        assert_eq!(read.size, blob.bytes.len() as u64);
        assert!(rest(read).await == blob.bytes);
    }

    /// Reads a range, and that it is right.
    pub(super) async fn read_range(&self, blob: &Blob, range: Range<u64>) {
        let read = self.open(blob, Some(range.clone())).await.unwrap();
        let expected = &blob.bytes[range.start as usize..range.end as usize];
        assert!(rest(read).await == expected);
    }

    /// All files of what is kept.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for shard in fs::read_dir(self.directory.path().join("kept")).unwrap() {
            let shard = fs::read_dir(shard.unwrap().path()).unwrap();
            files.extend(shard.map(|file| file.unwrap().path()));
        }
        files
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// How many files are being fetched to.
    pub(super) fn coming(&self) -> usize {
        fs::read_dir(self.directory.path().join("coming"))
            .unwrap()
            .count()
    }

    pub(super) fn bytes_of_files(&self) -> u64 {
        let length = |file: PathBuf| fs::metadata(file).unwrap().len();
        self.files().into_iter().map(length).sum()
    }
}

fn open(far: &Arc<Far>, path: &Path, room: u64) -> Cached {
    let inner = Arc::clone(far) as Arc<dyn BlobStore>;
    Cached::open(inner, path, room).unwrap()
}

pub(super) async fn rest(read: ObjectRead) -> Vec<u8> {
    let pieces: Vec<_> = read.bytes.try_collect().await.unwrap();
    pieces.concat()
}

/// Lets other tasks run until something is so.
pub(super) async fn until(so: impl Fn() -> bool) {
    let patience = std::time::Duration::from_secs(30);
    let waited = tokio::time::timeout(patience, async {
        while !so() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
    waited.await.expect("it never is so");
}

#[async_trait]
impl BlobStore for Far {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.inner.begin().await
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.inner.resume(from).await
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        self.reads.lock().unwrap().push(range.clone());
        let ObjectRead { size, bytes } = self.inner.read(key, range).await?;
        let whole: Vec<_> = bytes.try_collect().await?;
        let whole = Bytes::from(whole.concat());
        let permits = Arc::clone(&self.permits);
        let steps: Vec<_> = (0..whole.len()).step_by(STEP).collect();
        let bytes = stream::iter(steps).then(move |start| {
            let piece = whole.slice(start..whole.len().min(start + STEP));
            let permits = Arc::clone(&permits);
            async move {
                permits.acquire().await.unwrap().forget();
                Ok(piece)
            }
        });
        let bytes = Box::pin(bytes);
        Ok(ObjectRead { size, bytes })
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
