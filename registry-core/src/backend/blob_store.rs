//! The store of large content.
//!
//! An upload owns its object: bytes go to an object named uniquely, never to a path that another
//! push of the same digest shares, so two pushes cannot touch each other and a writer that was
//! overtaken cannot change what was committed. Writing straight to a path named by the digest would
//! save a row in the database, and is how other registries came to serve blobs that changed after
//! their commit.

use std::{fmt, ops::Range, pin::Pin, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;

use super::tail::Tail;
use crate::digest::Digest;

/// Bytes as they come.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, StoreError>> + Send>>;

/// The name of an object in its store, chosen by the store, never used twice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(Arc<str>);

impl ObjectKey {
    /// A key as a store made it.
    pub fn new(key: impl Into<Arc<str>>) -> Self {
        Self(key.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why a store could not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What the engine does about it.
    pub kind: StoreErrorKind,
    /// What was wrong, for the log.
    pub message: String,
}

impl StoreError {
    /// An error of that kind.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// The kinds of error that are acted upon differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The store says that there is no such object or unfinished write.
    Absent,
    /// It was refused or could not be done, and nothing of it happened.
    Unavailable,
    /// The answer was lost: it happened or it did not.
    Unknown,
    /// There is no room.
    Full,
    /// No object of this store can have so many bytes.
    TooLarge {
        /// So many it can have.
        most: u64,
    },
    /// A checkpoint that this store did not write, or no longer understands.
    BadCheckpoint,
}

/// What of a store is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// Committed objects.
    Committed,
    /// Writes begun and neither committed nor aborted.
    Unfinished,
}

/// From where a write can go on, in any process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreCheckpoint {
    /// The key of the unfinished write.
    pub key: ObjectKey,
    /// How many bytes are kept.
    pub offset: u64,
    /// The store's own notes.
    pub state: Bytes,
    /// The last of these bytes, if the store has not taken them: whoever keeps the checkpoint keeps them
    /// with it. It may as well keep them at the end of the notes.
    pub tail: Tail,
}

impl StoreCheckpoint {
    /// Where the tail begins.
    #[must_use]
    pub fn tail_start(&self) -> u64 {
        self.offset.saturating_sub(self.tail.len())
    }
}

/// An object opened for reading.
pub struct ObjectRead {
    /// The length of the whole object, as the store has it now.
    pub size: u64,
    /// The bytes asked for.
    pub bytes: ByteStream,
}

/// A store of objects that never change once they are committed.
///
/// 1. *Invisible before its commit.* No key of a write that has not committed can be read, sized or
///    listed as committed.
/// 2. *Whole after its commit.* Once `commit` answers, the object is as durable as the store's
///    setting says and reads back exactly the bytes appended, in any range.
/// 3. *Unique.* No two writes ever have a key in common, unfinished or committed, also when they
///    carry the same digest; nothing one write does shows in another's object.
/// 4. *Resumable.* A checkpoint resumes in any process, any number of times, at exactly its offset:
///    bytes appended after it are forgotten, bytes below it are kept. All but its tail were durable before
///    the checkpoint was handed out; the tail is as durable as whoever keeps the checkpoint makes it.
/// 5. *Aborted is gone.* After `abort`, or `delete` of an unfinished key, the write can neither be
///    resumed nor committed, and its space is given back. A store may leave a write that is shorter than
///    a part in its checkpoint alone, and know nothing of it: that one is given up by forgetting it.
/// 6. *Deleting is idempotent.* Deleting an absent key is no error; after it the key is absent.
/// 7. *Listing is by key.* `list` gives keys in byte order, strictly after `after`, at most `limit`,
///    and misses none that was there throughout. A store that cannot tell its unfinished writes lists
///    none of them, and needs a lifecycle rule that ends those which nobody remembers.
/// 8. *Ranges are exact.* A read yields exactly the range asked for, or an error; never fewer bytes
///    as if that were all. A range beyond the end is an error, not a panic.
/// 9. *Bounded.* Neither reading nor writing holds more than a fixed amount in memory, whatever the
///    object's size; a slow reader slows the store.
/// 10. *Droppable.* Any call may be dropped at any await. A write dropped half way through an append
///     may still be aborted or resumed from its last checkpoint; nothing else is affected.
/// 11. *A failure says what is left.* `Unknown` from `commit` means that the object may be there under
///     [`BlobWrite::committed_key`]; every other error of `commit` means that it is not and never will be.
/// 12. *The last writer of a checkpoint wins, unmixed.* Where two writers resumed from one
///     checkpoint, whichever commits has its own bytes in its object, never the other's. Where a store
///     knows parts by their numbers, the older one may spoil the newer's as long as it sends: then
///     neither commits.
/// 13. *An announcement binds nobody.* After [`announce`](BlobWrite::announce) fewer bytes may come, or
///     more; what is refused there leaves the write as it was.
/// 14. *Named before it is there.* Where [`outgrows`](BlobWrite::outgrows) says so, [`enter`](BlobWrite::enter)
///     begins in the store what the write will be there, and its checkpoint names that: whoever keeps it before
///     the next append leaves nothing behind, however it ends, that nobody could give up.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Begins a write.
    async fn begin(&self) -> Result<Box<dyn BlobWrite>, StoreError>;

    /// Goes on from a checkpoint.
    async fn resume(&self, from: &StoreCheckpoint) -> Result<Box<dyn BlobWrite>, StoreError>;

    /// Goes on from a checkpoint with bytes that follow, as [`resume`](Self::resume) does, which suits a
    /// commit as well. A store to which it is the same need not have this; a wrapper passes it on.
    async fn resume_to_append(
        &self,
        from: &StoreCheckpoint,
    ) -> Result<Box<dyn BlobWrite>, StoreError> {
        self.resume(from).await
    }

    /// Opens an object; all of it, or a range that is not empty.
    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError>;

    /// Opens an object that a commit with this digest has made, as [`read`](Self::read) does. What keeps copies of
    /// objects verifies them by it; a store that keeps none need not have this; a wrapper passes it on.
    async fn read_content(
        &self,
        key: &ObjectKey,
        _digest: &Digest,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        self.read(key, range).await
    }

    /// Opens an object to read all of it once, for a check: in the way that disturbs others least. A store
    /// that knows no other way than that of [`read`](Self::read) need not say so; a wrapper passes it on.
    async fn read_once(&self, key: &ObjectKey) -> Result<ObjectRead, StoreError> {
        self.read(key, None).await
    }

    /// The size of a committed object, or that there is none.
    async fn stat(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError>;

    /// Removes a committed object, or an unfinished write.
    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError>;

    /// Keys in order.
    async fn list(
        &self,
        kind: ObjectKind,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StoreError>;

    /// Checkpoints are cheap at multiples of this many bytes; elsewhere they cost more.
    fn part_size(&self) -> u64;
}

/// A write under way. Dropping it leaves an unfinished write behind, for a resume or the collector.
#[async_trait]
pub trait BlobWrite: Send {
    /// The key of the unfinished write. It may change until there is something in the store to delete.
    fn key(&self) -> &ObjectKey;

    /// The key under which a commit with this digest puts the object.
    fn committed_key(&self, digest: &Digest) -> ObjectKey;

    /// So many more bytes are expected. A store that knows that it has no room for them says so now
    /// ([`StoreErrorKind::Full`]), before any of them was sent in vain, and so does one whose objects cannot have so
    /// many ([`StoreErrorKind::TooLarge`]). A store that knows neither need not have this; a wrapper passes it on.
    async fn announce(&mut self, _bytes: u64) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether so many more bytes, or a checkpoint where they are none, would make something in the store that
    /// is found only by a key which this write has not had until now. A store that lists its unfinished writes
    /// has no need of this.
    fn outgrows(&self, _more: u64) -> bool {
        false
    }

    /// Begins that, without sending any bytes, and says how to go on from `kept`: the offset of the last
    /// checkpoint, or 0 where there was none. It is called where [`outgrows`](Self::outgrows) says so.
    async fn enter(&mut self, _kept: u64) -> Result<StoreCheckpoint, StoreError> {
        self.checkpoint().await
    }

    /// Adds bytes at the end.
    async fn append(&mut self, bytes: Bytes) -> Result<(), StoreError>;

    /// Makes everything appended so far durable and says how to go on from there.
    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError>;

    /// Makes the object durable and visible. The digest is for the name; the engine has checked it.
    async fn commit(self: Box<Self>, digest: &Digest) -> Result<ObjectKey, StoreError>;

    /// Gives the write up.
    async fn abort(self: Box<Self>) -> Result<(), StoreError>;
}
