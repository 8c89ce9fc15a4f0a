//! Bytes on their way in: hashed once, kept small or handed to the store.

use bytes::Bytes;

use super::{Error, Result};
use crate::{
    backend::{
        BlobWrite, PartialContent, StoreCheckpoint, StoreError, StoreErrorKind, UploadCheckpoint,
    },
    digest::{Digest, DigestHasher, HashState},
    engine::Inner,
};

/// Less than this is not announced to the store: it costs more to ask than to try.
const ANNOUNCED: u64 = 1 << 20;

/// An upload's bytes so far.
///
/// Few bytes stay in memory, to be kept with the metadata; more of them begin a write in the store.
pub(super) struct Intake {
    hasher: Box<dyn DigestHasher>,
    offset: u64,
    held: Vec<u8>,
    write: Option<Box<dyn BlobWrite>>,
    /// The offset of the last checkpoint, and the hash state there.
    kept: (u64, HashState),
    /// A store call was dropped half way: the write can only be given up or resumed.
    torn: bool,
}

/// What is to be done from a checkpoint on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    Append,
    Finish,
}

impl Aim {
    async fn resume(
        self,
        inner: &Inner,
        from: &StoreCheckpoint,
    ) -> Result<Box<dyn BlobWrite>, StoreError> {
        match self {
            Self::Append => inner.blobs.resume_to_append(from).await,
            Self::Finish => inner.blobs.resume(from).await,
        }
    }
}

/// Bytes whose digest is known, about to be committed.
pub(super) enum Content {
    Inline(Bytes),
    Write(Box<dyn BlobWrite>),
}

impl Intake {
    /// Nothing yet.
    pub(super) fn new(inner: &Inner, algorithm: &str) -> Result<Self> {
        let known = inner.algorithms.get(algorithm);
        let hasher = known
            .ok_or_else(|| Error::DigestUnsupported(algorithm.to_owned()))?
            .hasher();
        Ok(Self {
            kept: (0, hasher.save()),
            hasher,
            offset: 0,
            held: Vec::new(),
            write: None,
            torn: false,
        })
    }

    /// From a checkpoint, to append or to finish. A hash state that is not understood any more makes the
    /// client begin again.
    pub(super) async fn resume(inner: &Inner, from: UploadCheckpoint, aim: Aim) -> Result<Self> {
        let restored = inner.algorithms.restore(&from.hash);
        let hasher = restored.map_err(|_| Error::UploadUnknown)?;
        let (held, write) = match from.content {
            PartialContent::Inline(bytes) => (bytes.to_vec(), None),
            PartialContent::Store(checkpoint) => (
                Vec::new(),
                Some(aim.resume(inner, &checkpoint).await.map_err(overtaken)?),
            ),
        };
        Ok(Self {
            hasher,
            offset: from.offset,
            held,
            write,
            kept: (from.offset, from.hash),
            torn: false,
        })
    }

    /// How many bytes there are.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether a store call was dropped half way.
    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }

    /// So many more bytes are expected. Where they are many, the store is asked now whether it has room.
    pub(super) async fn announce(&mut self, inner: &Inner, more: u64) -> Result<()> {
        if more < ANNOUNCED || more <= inner.settings.inline_limit as u64 {
            return Ok(());
        }
        if let Some(write) = &mut self.write {
            return write.announce(more).await.map_err(overtaken);
        }
        let mut write = inner.blobs.begin().await?;
        if let Err(error) = write.announce(more).await {
            // A courtesy: the collector finds what is left.
            drop(write.abort().await);
            return Err(error.into());
        }
        self.torn = true;
        self.put(write).await?;
        self.torn = false;
        Ok(())
    }

    /// Makes room for so many more bytes, or for a checkpoint where they are none. What this answers is to be kept before they are taken: it names
    /// what the store has of them.
    pub(super) async fn enter(
        &mut self,
        inner: &Inner,
        more: usize,
    ) -> Result<Option<UploadCheckpoint>> {
        if self.write.is_none() && self.held.len() + more > inner.settings.inline_limit {
            self.torn = true;
            self.put(inner.blobs.begin().await?).await?;
            self.torn = false;
        }
        let Some(write) = &mut self.write else {
            return Ok(None);
        };
        if !write.outgrows(more as u64) {
            return Ok(None);
        }
        let (offset, hash) = self.kept.clone();
        self.torn = true;
        let checkpoint = write.enter(offset).await.map_err(overtaken)?;
        self.torn = false;
        Ok(Some(UploadCheckpoint {
            offset,
            hash,
            content: PartialContent::Store(checkpoint),
        }))
    }

    /// Takes bytes, for which there is room.
    pub(super) async fn append(&mut self, bytes: Bytes) -> Result<()> {
        self.hasher.update(&bytes);
        self.offset += bytes.len() as u64;
        let Some(write) = &mut self.write else {
            self.held.extend_from_slice(&bytes);
            return Ok(());
        };
        self.torn = true;
        write.append(bytes).await.map_err(overtaken)?;
        self.torn = false;
        Ok(())
    }

    /// Makes everything so far durable and says how to go on.
    pub(super) async fn checkpoint(&mut self) -> Result<UploadCheckpoint> {
        let content = match &mut self.write {
            None => PartialContent::Inline(Bytes::copy_from_slice(&self.held)),
            Some(write) => {
                self.torn = true;
                let checkpoint = write.checkpoint().await.map_err(overtaken)?;
                self.torn = false;
                PartialContent::Store(checkpoint)
            }
        };
        self.kept = (self.offset, self.hasher.save());
        Ok(UploadCheckpoint {
            offset: self.offset,
            hash: self.kept.1.clone(),
            content,
        })
    }

    /// The digest of everything, and everything.
    pub(super) fn finish(self) -> (Digest, Content) {
        let content = match self.write {
            Some(write) => Content::Write(write),
            None => Content::Inline(Bytes::from(self.held)),
        };
        (self.hasher.finish(), content)
    }

    /// Gives up what the store has. There is no going on then.
    pub(super) async fn give_up(&mut self) -> Result<(), StoreError> {
        self.torn = true;
        match self.write.take() {
            Some(write) => write.abort().await,
            None => Ok(()),
        }
    }

    /// Goes on in a write that begins with what was held.
    async fn put(&mut self, mut write: Box<dyn BlobWrite>) -> Result<()> {
        if !self.held.is_empty() {
            let held = Bytes::from(std::mem::take(&mut self.held));
            write.append(held).await?;
        }
        self.write = Some(write);
        Ok(())
    }
}

impl Content {
    pub(super) async fn abort(self) -> Result<(), StoreError> {
        match self {
            Self::Inline(_) => Ok(()),
            Self::Write(write) => write.abort().await,
        }
    }
}

/// A write that is gone was committed or given up by another process that took the session over.
pub(super) fn overtaken(error: StoreError) -> Error {
    match error.kind {
        StoreErrorKind::Absent => Error::UploadTakenOver,
        _ => error.into(),
    }
}
