//! A cache of blobs on a disk, in front of a store that is further away.
//!
//! ```text
//! reader ──► kept? ──► its file
//!              │ no
//!              ▼
//!            coming? ──► the file as it grows ◄── one task ◄── one read of the store
//! ```
//!
//! Keys are never used twice and objects never change, so what is kept under a key cannot be outdated: there is no
//! validation and no time to live. Whether a blob still exists and may be read is what metadata says before any read,
//! so a copy of what was deleted is never asked for, and ages out. A delete through this store removes the copy at once.
//!
//! A blob is fetched when it is first read whole, and not when it is read for the second time: who comes while it is
//! fetched can then follow, and that is when a cache matters most, after a push, with all machines of a fleet at once.
//! What is read once takes a tenth of the room at most, by the order in which things go (`queue`). The fetch is a task
//! of its own: it goes at the store's pace, ends when nobody follows it any more, and does not end with its first
//! reader. A range of what is not kept passes to the store, unless the fetch has come so far.
//!
//! The digest is checked before a blob is kept, each frame's checksum whenever it is read. Whatever goes wrong on the
//! disk, readers go on from the store at the byte where they are, and never see it.
//!
//! Nothing is synced: a power cut may spoil what is kept, and the checksums tell.

mod fetch;
mod frames;
mod place;
mod queue;
mod read;
mod shared;

use std::{io, ops::Range, path::Path, sync::Arc};

use async_trait::async_trait;
use registry_core::{
    Digest,
    backend::{
        BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
    },
};
use tokio::task::spawn_blocking;

pub use self::shared::CacheFigures;
use self::{
    frames::Frames,
    place::{Kept, Name},
    shared::{Found, Shared},
};

/// A [`BlobStore`] with a cache before it. Clones are the same one.
///
/// It fetches as tasks of tokio's, so it must be used in a tokio runtime. Only reads that name the digest
/// ([`read_content`](BlobStore::read_content)) fill it; others are served from it where they can be.
#[derive(Clone)]
pub struct Cached {
    inner: Arc<dyn BlobStore>,
    shared: Arc<Shared>,
}

impl Cached {
    /// Opens a cache in a directory, with room for so many bytes, and takes up what it has. No other process may have
    /// it. A blob of more than a quarter of the room is not kept. It blocks.
    ///
    /// # Errors
    /// Where the directory cannot be made or read, or another process has it.
    pub fn open(inner: Arc<dyn BlobStore>, path: &Path, room: u64) -> io::Result<Self> {
        let shared = Arc::new(Shared::open(path, room)?);
        Ok(Self { inner, shared })
    }

    /// What it has done so far.
    #[must_use]
    pub fn figures(&self) -> CacheFigures {
        self.shared.figures()
    }

    /// What is kept, opened; none where it is not, or cannot be.
    async fn kept(&self, name: &Name) -> Option<Arc<Frames>> {
        let size = self.shared.state().queue.hit(name)?;
        let kept = Kept {
            name: name.clone(),
            size,
        };
        let shared = Arc::clone(&self.shared);
        let opened = spawn_blocking(move || match shared.place.open_kept(&kept) {
            Ok(file) => Some(Arc::new(Frames { file, kept })),
            Err(error) => {
                shared.spoilt(&kept, &error);
                None
            }
        });
        opened.await.ok()?
    }

    /// A read, of which the digest is known or not.
    async fn open_read(
        &self,
        key: &ObjectKey,
        digest: Option<&Digest>,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let name = Name::of(key);
        loop {
            if let Some(frames) = self.kept(&name).await {
                return self.read_kept(key, range, frames);
            }
            let found = match (&range, digest) {
                (None, Some(digest)) => self.follow_or_fetch(&name, key, digest),
                _ => self.shared.find(&name),
            };
            match found {
                Found::Kept => {}
                Found::Coming(following) => return self.read_coming(key, range, following).await,
                Found::Nothing => return self.pass(key, range).await,
            }
        }
    }

    async fn pass(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        self.shared.count(|figures| figures.passed += 1);
        self.inner.read(key, range).await
    }

    fn follow_or_fetch(&self, name: &Name, key: &ObjectKey, digest: &Digest) -> Found {
        let (found, fetch) = Shared::find_or_begin(&self.shared, name);
        if let Some(fetch) = fetch {
            let (inner, key, digest) = (Arc::clone(&self.inner), key.clone(), digest.clone());
            tokio::spawn(fetch.run(inner, key, digest));
        }
        found
    }
}

#[async_trait]
impl BlobStore for Cached {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.inner.begin().await
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.inner.resume(from).await
    }

    async fn resume_to_append(
        &self,
        from: &StoreCheckpoint,
    ) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.inner.resume_to_append(from).await
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        self.open_read(key, None, range).await
    }

    async fn read_content(
        &self,
        key: &ObjectKey,
        digest: &Digest,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        self.open_read(key, Some(digest), range).await
    }

    /// A check is of the store and not of a copy.
    async fn read_once(&self, key: &ObjectKey) -> Result<ObjectRead, StoreError> {
        self.inner.read_once(key).await
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        self.inner.stat(key).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.inner.delete(key).await?;
        if let Some(kept) = self.shared.forget(&Name::of(key)) {
            let shared = Arc::clone(&self.shared);
            // The object is gone, whatever becomes of its copy.
            drop(spawn_blocking(move || shared.place.remove(&kept)).await);
        }
        Ok(())
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
