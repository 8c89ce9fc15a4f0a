//! Committing a blob: the object durable, then one transaction that names it.
//!
//! It runs to its end on the spawner. Three outcomes are kept apart: done; refused, where the object
//! is surely named by nothing and is given up; unknown, where the answer was lost and the object is
//! left to the collector, for the transaction may have named it.
//!
//! A write that was resumed is not surely ours alone: a writer in another process may have gone on from
//! the same checkpoint and, in some stores, ends at the same key. What is found at that key after a
//! lost answer is therefore read and hashed, and the key is given up only through the metadata, which
//! refuses while anything names it and lets nothing name it afterwards.

use std::time::Duration;

use futures_util::TryStreamExt;

use super::{
    Error, PushedBlob, Result,
    intake::{Content, overtaken},
    writer::{Hold, Parts, Writer},
};
use crate::{
    backend::{
        BlobContent, BlobWrite, MetadataError, MetadataErrorKind, ObjectKey, PutBlob,
        PutBlobOutcome, StoreErrorKind, UploadState,
    },
    digest::Digest,
    engine::{
        Inner, Pull,
        access::{Access, Permit, under_facts},
    },
    spawn::to_its_end,
};

/// A blob about to be committed.
pub(super) struct Commit {
    access: Access,
    permit: Permit,
    digest: Digest,
}

/// Commits what a writer took in, whoever waits for it.
pub(super) async fn run_commit(commit: Commit, writer: Writer) -> Result<PushedBlob> {
    let inner = std::sync::Arc::clone(&commit.access.inner);
    let lost = || Error::Unavailable("the registry is shutting down".to_owned());
    let parts = writer.into_parts().ok_or_else(lost)?;
    to_its_end(&*inner.spawner, async move { commit.run(parts).await })
        .await
        .map_err(|_| lost())?
}

impl Commit {
    pub(super) fn new(access: &Access, permit: Permit, digest: &Digest) -> Self {
        Self {
            access: access.clone(),
            permit,
            digest: digest.clone(),
        }
    }

    async fn run(self, parts: Parts) -> Result<PushedBlob> {
        let Parts { intake, hold, .. } = parts;
        let size = intake.offset();
        let (actual, content) = intake.finish();
        let late = actual.algorithm() != self.digest.algorithm();
        if !late && actual != self.digest {
            // The session first: one that is open must have its bytes.
            let mismatch = self.mismatch(actual, hold.as_ref()).await;
            // Aborting is a courtesy: the collector finds what is left.
            drop(content.abort().await);
            return Err(mismatch?);
        }
        let shared = hold.as_ref().is_some_and(Hold::may_be_shared);
        let (content, certain) = self.settle(content, size).await?;
        let doubtful = late || (shared && !certain);
        if doubtful && let Some(actual) = self.rehash(&content).await? {
            let mismatch = self.mismatch(actual, hold.as_ref()).await?;
            self.discard(&content, hold.as_ref()).await;
            return Err(mismatch);
        }
        self.link(content, size, hold.as_ref()).await?;
        self.inner().changed.ring();
        Ok(PushedBlob {
            digest: self.digest,
            size,
        })
    }

    /// Makes the bytes durable. Where the answer was lost and something of the right size is there, it is
    /// not certain whose bytes they are.
    async fn settle(&self, content: Content, size: u64) -> Result<(BlobContent, bool)> {
        match content {
            Content::Inline(bytes) => Ok((BlobContent::Inline(bytes), true)),
            Content::Write(write) => {
                let (key, certain) = self.settle_object(write, size).await?;
                Ok((BlobContent::Object(key), certain))
            }
        }
    }

    /// Where the answer to a completion was lost, a look at its unique key decides.
    async fn settle_object(
        &self,
        write: Box<dyn BlobWrite>,
        size: u64,
    ) -> Result<(ObjectKey, bool)> {
        let key = write.committed_key(&self.digest);
        match write.commit(&self.digest).await {
            Ok(key) => Ok((key, true)),
            Err(error) if error.kind == StoreErrorKind::Unknown => {
                match self.inner().blobs.stat(&key).await {
                    Ok(Some(found)) if found == size => Ok((key, false)),
                    _ => Err(error.into()),
                }
            }
            Err(error) => Err(overtaken(error)),
        }
    }

    /// Reads the bytes once more: where the digest was claimed in another algorithm than the session was
    /// opened for, or where they may be another's. Answers their digest where it is another one.
    pub(super) async fn rehash(&self, content: &BlobContent) -> Result<Option<Digest>> {
        let algorithm = self.digest.algorithm();
        let known = self.inner().algorithms.get(algorithm);
        let unsupported = || Error::DigestUnsupported(algorithm.to_owned());
        let mut hasher = known.ok_or_else(unsupported)?.hasher();
        match content {
            BlobContent::Inline(bytes) => hasher.update(bytes),
            BlobContent::Object(key) => {
                let mut object = self.inner().blobs.read(key, None).await?;
                while let Some(bytes) = object.bytes.try_next().await? {
                    hasher.update(&bytes);
                }
            }
        }
        let actual = hasher.finish();
        Ok((actual != self.digest).then_some(actual))
    }

    /// The transaction.
    pub(super) async fn link(
        &self,
        content: BlobContent,
        size: u64,
        hold: Option<&Hold>,
    ) -> Result<()> {
        match self.put_blob(&content, size, hold).await {
            Ok(PutBlobOutcome::Stored) => Ok(()),
            Ok(outcome) => {
                self.discard(&content, hold).await;
                self.explain(outcome, hold).await
            }
            Err(Refusal::Unknown(error)) => Err(error.into()),
            Err(Refusal::Refused(error)) => {
                self.discard(&content, hold).await;
                Err(error)
            }
        }
    }

    async fn put_blob(
        &self,
        content: &BlobContent,
        size: u64,
        hold: Option<&Hold>,
    ) -> Result<PutBlobOutcome, Refusal> {
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &self.inner().metadata;
        let command = |scope| PutBlob {
            scope,
            digest: &self.digest,
            size,
            content: content.clone(),
            since: self.permit.now,
            session: hold.map(Hold::end),
            create: self.inner().settings.create,
            origin: access.origin(),
        };
        Ok(under_facts!(access, permit => metadata.put_blob(command(access.scope(permit)))))
    }

    async fn explain(&self, outcome: PutBlobOutcome, hold: Option<&Hold>) -> Result<()> {
        match (outcome, hold) {
            (PutBlobOutcome::Stored | PutBlobOutcome::Deduplicated, _) => Ok(()),
            (PutBlobOutcome::RepositoryAbsent, _) => Err(self.access.unknown()),
            (PutBlobOutcome::ObjectGone, _) => Err(Error::Unavailable(
                "the upload waited too long: send it again".to_owned(),
            )),
            (PutBlobOutcome::SessionLost, Some(hold)) => {
                // Another process may have ended it with the very same blob.
                match self.inner().metadata.upload(hold.session()).await? {
                    Some(UploadState::Finished(digest)) if digest == self.digest => {
                        // It may have been deleted since, or be about to go; and the repository may
                        // have been made with it, after this permit was given.
                        let permit = self.access.decide().await?;
                        let reader = Pull::new(self.access.clone(), permit);
                        reader.stat_blob(&digest).await.map(drop)
                    }
                    Some(UploadState::Open(_)) => Err(Error::UploadTakenOver),
                    _ => Err(Error::UploadUnknown),
                }
            }
            (PutBlobOutcome::SessionLost, None) => Err(Error::UploadUnknown),
        }
    }

    /// Ends the session of a blob whose bytes are others.
    pub(super) async fn mismatch(&self, actual: Digest, hold: Option<&Hold>) -> Result<Error> {
        if let Some(hold) = hold
            && let Some(ended) = self.inner().metadata.cancel(hold.session()).await?
        {
            self.inner().give_up(&ended).await;
        }
        Ok(Error::DigestMismatch {
            expected: self.digest.clone(),
            actual,
        })
    }

    /// Gives an object up that the transaction did not name. Should it fail, the collector finds it.
    pub(super) async fn discard(&self, content: &BlobContent, hold: Option<&Hold>) {
        let BlobContent::Object(key) = content else {
            return;
        };
        let Inner {
            metadata, blobs, ..
        } = self.inner();
        let keys = std::slice::from_ref(key);
        if !hold.is_some_and(Hold::may_be_shared) {
            drop(blobs.delete(key).await);
        } else if matches!(metadata.doom(keys, Duration::ZERO).await, Ok(1))
            && blobs.delete(key).await.is_ok()
        {
            drop(metadata.forget_doomed(keys).await);
        }
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.access.inner
    }
}

/// Why the transaction did not answer with an outcome.
enum Refusal {
    /// It may have happened.
    Unknown(MetadataError),
    /// It did not.
    Refused(Error),
}

impl From<MetadataError> for Refusal {
    fn from(error: MetadataError) -> Self {
        match error.kind {
            MetadataErrorKind::Unknown => Self::Unknown(error),
            _ => Self::Refused(error.into()),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}
