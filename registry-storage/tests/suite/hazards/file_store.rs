//! The store that anybody would write first: a file per upload, opened by whoever writes to it, and
//! renamed at its end.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use registry_core::{
    Digest,
    backend::{
        BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
        StoreErrorKind, Tail,
    },
};

/// Where a writer that resumes puts its bytes.
#[derive(Clone, Copy)]
pub(super) enum Resumed {
    /// At the offset of the checkpoint, as a file is written that was opened for it.
    AtTheOffset,
    /// At the end of the file, as one is that was opened to append.
    AtTheEnd,
}

/// A file, which outlives its name in the hands of whoever has it open.
type File = Arc<Mutex<Vec<u8>>>;

type Files = Arc<Mutex<BTreeMap<ObjectKey, File>>>;

pub(super) struct FileStore {
    resumed: Resumed,
    uploads: Files,
    objects: Files,
    last: AtomicU64,
}

impl FileStore {
    pub(super) fn new(resumed: Resumed) -> Self {
        Self {
            resumed,
            uploads: Files::default(),
            objects: Files::default(),
            last: AtomicU64::default(),
        }
    }

    fn open(&self, key: ObjectKey, file: File, place: usize) -> Box<dyn BlobWrite> {
        Box::new(FileWrite {
            key,
            file,
            place,
            uploads: Arc::clone(&self.uploads),
            objects: Arc::clone(&self.objects),
        })
    }

    fn file(&self, key: &ObjectKey) -> Result<File, StoreError> {
        let file = self.objects.lock().unwrap().get(key).cloned();
        file.ok_or_else(|| absent(key))
    }
}

#[async_trait]
impl BlobStore for FileStore {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let key = ObjectKey::new(format!("upload-{number}"));
        let file = File::default();
        self.uploads
            .lock()
            .unwrap()
            .insert(key.clone(), file.clone());
        Ok(self.open(key, file, 0))
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        let file = self.uploads.lock().unwrap().get(&from.key).cloned();
        let file = file.ok_or_else(|| absent(&from.key))?;
        let place = match self.resumed {
            Resumed::AtTheOffset => from.offset as usize,
            Resumed::AtTheEnd => file.lock().unwrap().len(),
        };
        file.lock().unwrap().truncate(place);
        Ok(self.open(from.key.clone(), file, place))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let bytes = Bytes::from(self.file(key)?.lock().unwrap().clone());
        let size = bytes.len() as u64;
        let range = range.unwrap_or(0..size);
        let piece = bytes.slice(range.start as usize..range.end as usize);
        let bytes = Box::pin(stream::iter([Ok(piece)]));
        Ok(ObjectRead { size, bytes })
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        let size = |file: File| file.lock().unwrap().len() as u64;
        Ok(self.file(key).ok().map(size))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.uploads.lock().unwrap().remove(key);
        self.objects.lock().unwrap().remove(key);
        Ok(())
    }

    async fn list(
        &self,
        kind: ObjectKind,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        let files = match kind {
            ObjectKind::Committed => self.objects.lock().unwrap(),
            ObjectKind::Unfinished => self.uploads.lock().unwrap(),
        };
        let keys = files.keys().filter(|key| Some(*key) > after);
        Ok(keys.take(limit).cloned().collect())
    }

    fn part_size(&self) -> u64 {
        1000
    }
}

struct FileWrite {
    key: ObjectKey,
    file: File,
    place: usize,
    uploads: Files,
    objects: Files,
}

#[async_trait]
impl BlobWrite for FileWrite {
    fn key(&self) -> &ObjectKey {
        &self.key
    }

    fn committed_key(&self, digest: &Digest) -> ObjectKey {
        ObjectKey::new(format!("{digest}/{}", self.key))
    }

    async fn append(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let mut file = self.file.lock().unwrap();
        let end = self.place + bytes.len();
        let length = file.len().max(end);
        file.resize(length, 0);
        file[self.place..end].copy_from_slice(&bytes);
        self.place = end;
        Ok(())
    }

    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError> {
        Ok(StoreCheckpoint {
            key: self.key.clone(),
            offset: self.place as u64,
            state: Bytes::new(),
            tail: Tail::default(),
        })
    }

    async fn commit(self: Box<Self>, digest: &Digest) -> Result<ObjectKey, StoreError> {
        let key = self.committed_key(digest);
        self.uploads.lock().unwrap().remove(&self.key);
        self.objects.lock().unwrap().insert(key.clone(), self.file);
        Ok(key)
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        self.uploads.lock().unwrap().remove(&self.key);
        Ok(())
    }
}

fn absent(key: &ObjectKey) -> StoreError {
    StoreError::new(StoreErrorKind::Absent, format!("there is no {key}"))
}
