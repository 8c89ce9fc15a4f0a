//! Content in a directory.
//!
//! ```text
//! layout                                       what this directory is: "registry blobs, layout 1"
//! probe                                        a moment long, whether the disk can be written to
//! uploads/<unique>                             an unfinished write
//! uploads/<unique>.resumes                     where it was gone on with, once it was
//! blobs/<algorithm>/<xy>/<encoded>-<unique>    an object; xy are the first two digits of its digest
//! ```
//!
//! An upload writes a file of its own, made with its first block, and committing gives that file its
//! final name. The name carries the digest, so that a person finds a blob and a lost database can be
//! made again from the files; and 128 random bits of the upload's own, so that two pushes of one digest
//! never share a file. A name of the digest alone would save space while a blob is pushed twice, and is
//! how other stores came to serve files that changed after their commit.
//!
//! An answer comes when what it says is on the disk (unless [`Durability::Relaxed`] is chosen): a
//! checkpoint when the bytes below it and the file's name are; a commit when the bytes are, then the
//! final name, then the directory that it is in. What a crash leaves behind are files in `uploads`, which
//! are listed as unfinished, and objects that no metadata names; the collector finds both. A delete does
//! not wait for the disk: an object that comes back through a power cut is named by nothing.
//!
//! A file from elsewhere can be adopted: it gets a further name here. So an object may share its bytes
//! with a file of another program, and nothing here writes to an object, ever: bytes are written,
//! truncated and locked in `uploads` alone, where no adopted file is.
//!
//! Two writers of one write do not mix: a lock on its file and a record of whose turn it is keep them
//! apart, also when they are in two processes. That holds for the processes of one machine. A file
//! system shared by machines would do where its locks are honest; this store was not made for it.
//!
//! A disk that is full or fails ends the call with an error, and nothing that was there is touched. Where
//! the marker is gone, as when the disk was unmounted, nothing is called absent.

mod adopt;
mod ahead;
mod block;
mod blocking;
#[cfg(feature = "directory")]
mod bring;
mod cached;
mod checkpoint;
mod direct;
mod error;
mod grant;
mod key;
mod list;
#[cfg(feature = "abort-points")]
mod marked;
mod ops;
mod probe;
mod read;
mod resumes;
mod room;
mod root;
#[cfg(test)]
mod tests;
mod upload;
mod write;

use std::{fmt, fs, io, ops::Range, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use registry_core::{
    Random,
    backend::{
        BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
    },
};

pub use self::probe::Space;
use self::{
    blocking::blocking,
    error::{absent, failed},
    grant::Budget,
    key::{Place, place},
    room::Room,
    root::Root,
    upload::Upload,
    write::DiskWrite,
};
#[cfg(feature = "directory")]
pub(crate) use self::{
    bring::{Brought, Manner, NamedObject, hash},
    key::keys_of,
};
use crate::Durability;

/// Checkpoints cost the same anywhere; this much goes to the disk at once.
const PART_SIZE: u64 = 256 << 10;

/// A [`BlobStore`] in a directory. Clones are the same store.
///
/// It works on tokio's threads for blocking work, so it must be used in a tokio runtime.
///
/// ```
/// use std::sync::Arc;
///
/// use bytes::Bytes;
/// use registry_core::{Digest, backend::BlobStore};
/// use registry_storage::{Durability, SystemRandom, disk::DiskBlobs};
///
/// # let directory = tempfile::tempdir().unwrap();
/// # let directory = directory.path();
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let blobs = DiskBlobs::open(directory, Durability::Strict, Arc::new(SystemRandom))?;
/// let mut write = blobs.begin().await?;
/// write.append(Bytes::from_static(b"hello")).await?;
/// let key = write.commit(&Digest::sha256(b"hello")).await?;
///
/// assert!(key.as_str().starts_with("blobs/sha256/2c/2cf24dba5fb0a30e26e83b2ac5b9e29e"));
/// assert_eq!(std::fs::read(directory.join(key.as_str())).unwrap(), b"hello");
/// # Ok::<_, registry_core::backend::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct DiskBlobs {
    root: Arc<Root>,
    /// What writers hold.
    budget: Arc<Budget>,
    room: Arc<Room>,
}

impl DiskBlobs {
    /// Opens a directory, which is made if it is not there. This blocks, as befits a start.
    ///
    /// # Errors
    /// Where the directory cannot be used, holds something that is not a whole store, or a layout that
    /// this version does not know.
    pub fn open(
        directory: impl Into<PathBuf>,
        durability: Durability,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let root = Root::open(directory.into(), ops::of(durability), random)?;
        Ok(Self::over(root))
    }

    /// Whether the directory can be written to: writes a small file, waits until the disk has it as any
    /// other, and takes it away again.
    ///
    /// # Errors
    /// Where it cannot.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.work(|root| probe::probe(root)).await
    }

    /// How much room there is. This may block for a moment.
    ///
    /// # Errors
    /// Where the system does not say.
    pub fn space(&self) -> Result<Space, StoreError> {
        probe::space(&self.root)
    }

    fn over(root: Root) -> Self {
        Self {
            root: Arc::new(root),
            budget: Arc::default(),
            room: Arc::default(),
        }
    }

    fn writer(&self, upload: Upload) -> Box<dyn BlobWrite> {
        Box::new(DiskWrite::new(
            upload,
            self.budget.grant(),
            Arc::clone(&self.room),
        ))
    }

    /// Does work that blocks.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Root>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let root = Arc::clone(&self.root);
        blocking(move || work(&root)).await
    }
}

#[async_trait]
impl BlobStore for DiskBlobs {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        Ok(self.writer(Upload::begin(Arc::clone(&self.root))))
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        let Some(Place::Upload(unique)) = place(&from.key) else {
            return Err(absent(&from.key));
        };
        let from = from.clone();
        let waiting = Arc::new(());
        let waits = Arc::downgrade(&waiting);
        let upload = self.work(move |root| Upload::resume(Arc::clone(root), unique, &from, &waits));
        let upload = upload.await?;
        drop(waiting);
        Ok(self.writer(upload))
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let Some(Place::Object) = place(key) else {
            return Err(absent(key));
        };
        read::read(&self.root, key, range).await
    }

    async fn read_once(&self, key: &ObjectKey) -> Result<ObjectRead, StoreError> {
        let Some(Place::Object) = place(key) else {
            return Err(absent(key));
        };
        read::read_once(&self.root, key).await
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        let Some(Place::Object) = place(key) else {
            return Ok(None);
        };
        let key = key.clone();
        self.work(move |root| size(root, &key)).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let Some(place) = place(key) else {
            return Ok(());
        };
        let key = key.clone();
        self.work(move |root| match place {
            Place::Upload(unique) => upload::delete(root, unique),
            Place::Object => upload::remove(&root.file(&key)).and_then(|()| root.check()),
        })
        .await
    }

    async fn list(
        &self,
        kind: ObjectKind,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        let after = after.cloned();
        self.work(move |root| list::list(root, kind, after.as_ref(), limit))
            .await
    }

    fn part_size(&self) -> u64 {
        PART_SIZE
    }
}

impl fmt::Debug for DiskBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.root.directory();
        f.debug_tuple("DiskBlobs").field(&directory).finish()
    }
}

#[cfg(feature = "directory")]
impl DiskBlobs {
    /// The size of an object. This blocks.
    pub(crate) fn stat_now(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        size(&self.root, key)
    }

    /// A page of the objects that are committed. This blocks.
    pub(crate) fn objects_now(
        &self,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        list::list(&self.root, ObjectKind::Committed, after, limit)
    }
}

/// The size of an object.
fn size(root: &Root, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
    let path = root.file(key);
    match fs::metadata(&path) {
        Ok(found) => Ok(Some(found.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => root.check().map(|()| None),
        Err(error) => Err(failed("look at", &path, &error)),
    }
}
