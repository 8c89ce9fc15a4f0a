//! Content in an object store: S3 and what speaks like it, GCS, or any other that an embedder brings.
//!
//! ```text
//! <prefix>/blobs/<xy>/<unique>    an object; <unique> is its write's own, xy its first two digits
//! ```
//!
//! A write owns one name, drawn at random, and its bytes go there and nowhere else. They are gathered to
//! parts. What ends within its first part is one put. Otherwise a multipart upload is begun when the
//! first part is full and more comes; parts go out while the client still sends, several at once; and a
//! commit completes it at its final name. So a commit copies, moves, lists and reads nothing.
//!
//! A checkpoint is what the store has as parts and, as its tail, what is shorter than a part. A
//! write that has filled no part is in its checkpoint alone: the store has not heard of it, so its key
//! changes when a multipart upload is begun, and giving it up is to forget the checkpoint. Once there is
//! an upload the key carries its id, and any process that has the key can abort it. Keeping the tail as
//! an object beside the upload was the alternative; it takes two more requests for each chunk of a
//! client's, and something more to find when it is left behind.
//!
//! Multipart uploads cannot be listed through `object_store`. So one is begun where the engine can write its
//! key down before the first part goes out (`BlobWrite::enter`), with the last checkpoint that there was: what
//! a process that is killed leaves behind is given up when its session expires. One of which not even the
//! answer came is found by nobody here, and has no parts: a lifecycle rule in the bucket, which aborts what is
//! incomplete for longer than an upload session may be idle, is for that.
//!
//! # What is needed of the multipart uploads of a store
//!
//! 1. A completion takes the parts that it names, and no others.
//! 2. It is refused where a part that it names was replaced, or the upload has ended.
//! 3. An upload that has ended says of each request that it is not found.
//! 4. A part that arrives while the upload is completed is of no effect.
//!
//! S3 does so, and Google says that its store is compatible with that. A server that only claims to be like S3
//! may fail the last, as one that joins files by their names after it has compared their ids: there a client that
//! sends different bytes through two processes at one time could have an object made of both, which the scrub finds.
//!
//! Azure's blocks do not: an upload there has no id and no end, so an overtaken writer could write over an object that
//! was committed. [`ObjectBlobs::azure`] gives them both. Nor do those of `object_store`'s own memory store,
//! which joins whatever parts there are. Both are told by what they answer, an upload or a part without
//! an id, and are refused there; objects of one part can be kept in either. A store without such
//! uploads, or with those that will not do, can be used as a plain one ([`ObjectBlobs::plain`]).
//!
//! # Google's store
//!
//! It is used by [`ObjectBlobs::new`] over `object_store`'s client. The tests have that client over a server that
//! speaks the same XML (MinIO), and never had it over Google itself. What differs from S3:
//!
//! - Google says that a completion may take minutes, and the client by itself ends each request after 30 s: set
//!   its timeouts.
//! - Bytes go without a checksum, and the client has no setting for encryption: the bucket's own key counts.
//! - Without a signature (`with_skip_signature`) the client only reads. To put and to delete it wants a token.
//! - Links are of Google's own host, and without a service account's key each is a request ([`ObjectLinks`]).

#[cfg(feature = "azure")]
mod azure;
mod block;
mod budget;
mod checkpoint;
mod error;
mod gather;
mod hedge;
mod key;
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
mod link;
mod list;
mod marker;
mod plain;
mod read;
mod settings;
mod store;
mod upload;
mod write;

use std::{fmt, ops::Range, sync::Arc};

use async_trait::async_trait;
pub use object_store;
use object_store::{ObjectStore, multipart::MultipartStore, path::Path};
use registry_core::{
    Random,
    backend::{
        BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint, StoreError,
    },
};

use self::{
    error::absent,
    hedge::Hedge,
    key::{Name, is_blob, name},
    plain::PlainParts,
    store::Store,
    write::{ObjectWrite, Sends},
};
// A signature needs a client that knows its provider.
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
pub use self::link::ObjectLinks;
pub use self::{hedge::HedgeFigures, settings::ObjectSettings};

/// A [`BlobStore`] in an object store. Clones are the same store, with one budget.
///
/// It sends parts as tasks of tokio's, so it must be used in a tokio runtime.
///
/// ```
/// use std::sync::Arc;
///
/// use bytes::Bytes;
/// use registry_core::{Digest, backend::BlobStore};
/// use registry_storage::{
///     SystemRandom,
///     object::{ObjectBlobs, ObjectSettings, object_store::memory::InMemory},
/// };
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let bucket = Arc::new(InMemory::new());
/// let settings = ObjectSettings {
///     prefix: "registry".to_owned(),
///     ..ObjectSettings::default()
/// };
/// let random = Arc::new(SystemRandom);
/// let blobs = ObjectBlobs::new(bucket.clone(), bucket, settings, random)?;
/// let mut write = blobs.begin().await?;
/// write.append(Bytes::from_static(b"hello")).await?;
/// let key = write.commit(&Digest::sha256(b"hello")).await?;
///
/// assert!(key.as_str().starts_with("blobs/"));
/// assert_eq!(blobs.stat(&key).await?, Some(5));
/// # Ok::<_, registry_core::backend::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct ObjectBlobs {
    store: Arc<Store>,
}

impl ObjectBlobs {
    /// The blobs of a store. Both are views of the same one: most clients are `ObjectStore` and
    /// `MultipartStore` at once. Nothing is asked of it here.
    ///
    /// # Errors
    /// Where the prefix is no path.
    pub fn new(
        objects: Arc<dyn ObjectStore>,
        parts: Arc<dyn MultipartStore>,
        settings: ObjectSettings,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let store = Store::new(objects, parts, settings, random)?;
        Ok(Self {
            store: Arc::new(store),
        })
    }

    /// The blobs of a store that has no multipart uploads of its own: nothing is asked of it but what every
    /// `ObjectStore` does, [`PutMode::Create`](object_store::PutMode::Create) and listing in byte order among it.
    ///
    /// What is larger than a part is kept in parts until its commit, which reads them all and writes one
    /// object; so a commit takes as long as that, and one part's memory.
    ///
    /// # Errors
    /// Where the prefix is no path.
    pub fn plain(
        objects: Arc<dyn ObjectStore>,
        settings: ObjectSettings,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let parts = PlainParts {
            objects: Arc::clone(&objects),
            random: Arc::clone(&random),
            // One that is no path is refused below.
            prefix: Path::parse(&settings.prefix).unwrap_or_default(),
            attributes: settings.attributes(),
        };
        Self::new(objects, Arc::new(parts), settings, random)
    }

    /// How often reads were asked for a second time, where that is switched on.
    #[must_use]
    pub fn hedges(&self) -> Option<HedgeFigures> {
        self.store.hedge.as_ref().map(Hedge::figures)
    }

    async fn go_on(
        &self,
        from: &StoreCheckpoint,
        sends: Sends,
    ) -> Result<Box<dyn BlobWrite>, StoreError> {
        let Some(Name::Write(write)) = name(&from.key) else {
            return Err(absent(&from.key));
        };
        let resumed = ObjectWrite::resume(Arc::clone(&self.store), from, write, sends).await?;
        Ok(Box::new(resumed))
    }
}

#[async_trait]
impl BlobStore for ObjectBlobs {
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError> {
        Ok(Box::new(ObjectWrite::begin(Arc::clone(&self.store))))
    }

    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.go_on(from, Sends::Tail).await
    }

    async fn resume_to_append(
        &self,
        from: &StoreCheckpoint,
    ) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.go_on(from, Sends::Something).await
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        if !is_blob(key) {
            return Err(absent(key));
        }
        read::read(&self.store, key, range).await
    }

    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        match is_blob(key) {
            true => self.store.size(key).await,
            false => Ok(None),
        }
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        match name(key) {
            Some(Name::Object) => self.store.delete(key).await,
            Some(Name::Write(write)) => self.store.give_up(&write).await,
            None => Ok(()),
        }
    }

    async fn list(
        &self,
        kind: ObjectKind,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError> {
        match kind {
            ObjectKind::Committed => list::objects(&self.store, after, limit).await,
            // The store does not tell which there are.
            ObjectKind::Unfinished => Ok(Vec::new()),
        }
    }

    fn part_size(&self) -> u64 {
        self.store.settings.part_size
    }
}

impl fmt::Debug for ObjectBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = self.store.objects.to_string();
        f.debug_tuple("ObjectBlobs").field(&objects).finish()
    }
}
