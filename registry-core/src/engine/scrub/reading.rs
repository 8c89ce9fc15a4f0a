//! One object, read from the beginning to the end.

use futures_util::TryStreamExt;

use crate::{
    backend::{BlobContent, ByteStream, KeptContent, ObjectKey, StoreError, StoreErrorKind},
    digest::{Digest, DigestHasher},
    engine::Inner,
};

/// Read in one step.
const PIECE: u64 = 1 << 20;

/// An object that is being read.
pub(super) struct Reading {
    content: KeptContent,
    object: ObjectKey,
    bytes: ByteStream,
    hasher: Box<dyn DigestHasher>,
    length: u64,
}

/// How an object stands.
pub(super) enum Read {
    /// There is more of it, after so many bytes.
    More(Reading, u64),
    /// It is as it should be, or cannot be looked at by anybody here.
    Sound(Digest, u64),
    /// It is not.
    Wrong(KeptContent),
    /// The store says that it is not there.
    Absent(KeptContent, ObjectKey),
    /// The store does not say.
    Unreadable(Digest, String),
}

impl Reading {
    pub(super) async fn open(inner: &Inner, content: KeptContent) -> Read {
        let BlobContent::Object(object) = content.content.clone() else {
            return Read::Sound(content.digest, 0);
        };
        let Some(algorithm) = inner.algorithms.get(content.digest.algorithm()) else {
            return Read::Sound(content.digest, 0);
        };
        match inner.blobs.read_once(&object).await {
            Ok(read) if read.size != content.size => Read::Wrong(content),
            Ok(read) => Read::More(
                Self {
                    content,
                    object,
                    bytes: read.bytes,
                    hasher: algorithm.hasher(),
                    length: 0,
                },
                0,
            ),
            Err(error) => failed(content, object, &error),
        }
    }

    /// Reads a piece.
    pub(super) async fn step(mut self) -> Read {
        let before = self.length;
        while self.length - before < PIECE {
            match self.bytes.try_next().await {
                Ok(Some(bytes)) => {
                    self.hasher.update(&bytes);
                    self.length += bytes.len() as u64;
                }
                Ok(None) => return self.end(before),
                Err(error) => return failed(self.content, self.object, &error),
            }
        }
        let read = self.length - before;
        Read::More(self, read)
    }

    /// A stream that ended early is a store that broke off, since the object has the right length.
    fn end(self, before: u64) -> Read {
        if self.length != self.content.size {
            let error = StoreError::new(StoreErrorKind::Unavailable, "the store broke off");
            return failed(self.content, self.object, &error);
        }
        match self.hasher.finish() == self.content.digest {
            true => Read::Sound(self.content.digest, self.length - before),
            false => Read::Wrong(self.content),
        }
    }
}

fn failed(content: KeptContent, object: ObjectKey, error: &StoreError) -> Read {
    match error.kind {
        StoreErrorKind::Absent => Read::Absent(content, object),
        _ => Read::Unreadable(content.digest, error.message.clone()),
    }
}
