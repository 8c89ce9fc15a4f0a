//! Upload sessions.

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;

use super::access::MetadataError;
use crate::{
    backend::{
        blob_store::{ObjectKey, StoreCheckpoint},
        tail::Tail,
    },
    digest::{Digest, HashState},
    name::RepositoryName,
    upload_id::UploadId,
};

/// Which session.
#[derive(Clone, Copy, Debug)]
pub struct SessionKey<'a> {
    /// The repository it was opened in.
    pub repository: &'a RepositoryName,
    /// Its id.
    pub id: &'a UploadId,
}

/// The bytes below a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartialContent {
    /// Few enough to stand here.
    Inline(Bytes),
    /// In the store.
    Store(StoreCheckpoint),
}

/// From where an upload can go on, in any process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadCheckpoint {
    /// How many bytes are kept.
    pub offset: u64,
    /// The digest's state at exactly that offset.
    pub hash: HashState,
    /// The bytes.
    pub content: PartialContent,
}

impl UploadCheckpoint {
    /// Which of the bytes are kept with the checkpoint, for the store has not taken them.
    #[must_use]
    pub fn tail(&self) -> Range<u64> {
        match &self.content {
            PartialContent::Store(store) => store.tail_start()..store.offset,
            PartialContent::Inline(_) => 0..0,
        }
    }
}

/// How a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// Bytes may follow.
    Open(UploadCheckpoint),
    /// It ended with this blob.
    Finished(Digest),
    /// It was cancelled, expired, or ended with a wrong digest.
    Cancelled,
}

impl UploadState {
    /// The unfinished write in the store that the bytes of an open session are in.
    #[must_use]
    pub fn write(&self) -> Option<&ObjectKey> {
        match self {
            Self::Open(checkpoint) => match &checkpoint.content {
                PartialContent::Store(write) => Some(&write.key),
                PartialContent::Inline(_) => None,
            },
            Self::Finished(_) | Self::Cancelled => None,
        }
    }

    /// The same, as it is told to who does not go on from it.
    #[must_use]
    pub fn without_tail(mut self) -> Self {
        if let Self::Open(UploadCheckpoint {
            content: PartialContent::Store(store),
            ..
        }) = &mut self
        {
            store.tail = Tail::default();
        }
        self
    }
}

/// What a writer found when it claimed a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// Nothing is written of it yet: the epoch is 0, and the first write makes the row.
    Fresh,
    /// It is this writer's now; any earlier writer's next command is refused.
    Claimed {
        /// This writer's epoch.
        epoch: u64,
        /// From where it goes on.
        from: UploadCheckpoint,
    },
    /// It ended with this blob.
    Finished(Digest),
    /// It was cancelled, expired, or ended with a wrong digest.
    Cancelled,
}

/// Keeps a checkpoint.
#[derive(Clone, Debug)]
pub struct WriteCheckpoint<'a> {
    /// Which session.
    pub session: SessionKey<'a>,
    /// The writer's epoch; 0 for one that found no row.
    pub epoch: u64,
    /// What is kept.
    pub checkpoint: UploadCheckpoint,
    /// What of its tail is to be written.
    pub tail: TailChange,
}

/// What a checkpoint does to the tail that the session has.
///
/// A tail grows with each chunk until it is a part. Were it written anew each time, all of a part would be written
/// as many times as there are chunks in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailChange {
    /// So many of its bytes stay, which are those that the checkpoint's own tail begins with. The rest follows.
    Append(u64),
    /// Nothing of it stays.
    Replace,
}

/// What came of a writer's command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Done; the writer's epoch from now on.
    Written {
        /// Greater than 0.
        epoch: u64,
    },
    /// The session belongs to a newer writer, or has ended.
    Superseded,
}

/// A session that a transaction ends.
#[derive(Clone, Copy, Debug)]
pub struct SessionEnd<'a> {
    /// Which session.
    pub session: SessionKey<'a>,
    /// The writer's epoch; 0 for one that found no row.
    pub epoch: u64,
}

/// Upload sessions. A session has no row until its first checkpoint, end or cancel: opening one
/// costs nothing here, for its id is signed.
///
/// 1. *Claimed by epoch.* Each claim of an existing row raises its epoch; a command with an older epoch
///    does nothing and is answered `Superseded`. Of two writers that found no row, the first to write
///    makes it and the other is superseded.
/// 2. *A checkpoint is whole.* Offset, hash state and content of one checkpoint are read back together, with its
///    tail by `claim`; nobody else needs that.
/// 3. *By repository.* A session is found only with the repository it was opened in.
/// 4. *An end is remembered.* A finished or cancelled session answers so until it is forgotten.
/// 5. *Expiry.* `expire` cancels sessions idle for longer than told, by the backend's time, and gives
///    back what must be aborted in the store, of these and of those that `cancel` ended; it gives it back
///    again until `forget_expired` was told. A session that was written meanwhile is not expired.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// How a session stands, without claiming it and without the tail of its checkpoint; `None` where
    /// nothing is written of it.
    async fn upload(&self, session: SessionKey<'_>) -> Result<Option<UploadState>, MetadataError>;

    /// Claims a session for writing.
    async fn claim(&self, session: SessionKey<'_>) -> Result<ClaimOutcome, MetadataError>;

    /// Keeps a checkpoint.
    async fn write_checkpoint(
        &self,
        command: WriteCheckpoint<'_>,
    ) -> Result<WriteOutcome, MetadataError>;

    /// Cancels a session, whoever writes to it. Answers how it stood before: only an open one, or one
    /// of which nothing was written, is cancelled by this. The tail is not answered. Its unfinished write is given back by `expire`
    /// from now on, so that it is not lost where whoever cancels is killed before it is given up.
    async fn cancel(&self, session: SessionKey<'_>) -> Result<Option<UploadState>, MetadataError>;

    /// Cancels sessions idle for longer than this and forgets ended ones as old as that; at most
    /// `limit` of them. Answers the unfinished writes to abort.
    async fn expire(
        &self,
        idle: std::time::Duration,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, MetadataError>;

    /// The store has given these up.
    async fn forget_expired(&self, writes: &[ObjectKey]) -> Result<(), MetadataError>;
}
