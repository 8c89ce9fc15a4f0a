//! Blobs whose bytes are in the store already, as an import brings them beside the protocol.

use std::sync::Arc;

use super::{Error, Push, PushedBlob, Result, commit::Commit};
use crate::{
    backend::{BlobContent, ObjectKey},
    spawn::to_its_end,
};

/// What is believed of an object that somebody else has made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Nothing: its bytes are read and held against the digest.
    #[default]
    Nothing,
    /// That its bytes are those of the digest. Only the length is looked at; bytes that are others are
    /// served until a scrub finds them.
    Digest,
}

impl Push {
    /// Makes a committed object of the registry's store a blob. It must be named by nothing yet. Where it
    /// is not taken it is given up; where this is dropped before its end, it is the collector's.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`] where the bytes are others, [`Error::Unavailable`] where it has another
    /// length or is not there.
    pub async fn put_object(
        &self,
        blob: &PushedBlob,
        object: ObjectKey,
        trust: Trust,
    ) -> Result<()> {
        let inner = Arc::clone(&self.access.inner);
        let commit = Commit::new(&self.access, self.permit, &blob.digest);
        let (content, size) = (BlobContent::Object(object), blob.size);
        if let Err(error) = commit.examine(&content, size, trust).await {
            commit.discard(&content, None).await;
            return Err(error);
        }
        let work = async move {
            commit.link(content, size, None).await?;
            commit.inner().changed.ring();
            Ok(())
        };
        let lost = |_| Error::Unavailable("the registry is shutting down".to_owned());
        to_its_end(&*inner.spawner, work).await.map_err(lost)?
    }
}

impl Commit {
    /// Whether an object is what it is said to be, as far as that is not believed.
    async fn examine(&self, content: &BlobContent, size: u64, trust: Trust) -> Result<()> {
        if let BlobContent::Object(key) = content {
            let unlike = match self.inner().blobs.stat(key).await? {
                Some(found) if found == size => None,
                Some(found) => Some(format!("the store has {found} bytes of {size}")),
                None => Some(format!("the store has no {key}")),
            };
            if let Some(sentence) = unlike {
                return Err(Error::Unavailable(sentence));
            }
        }
        if trust == Trust::Digest {
            return Ok(());
        }
        match self.rehash(content).await? {
            Some(actual) => self.mismatch(actual, None).await.and_then(Err),
            None => Ok(()),
        }
    }
}
