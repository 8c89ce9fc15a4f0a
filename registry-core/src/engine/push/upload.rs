//! Upload sessions: append, finish, status, cancel.

use std::ops::Range;

use super::{
    Body, Error, Push, PushedBlob, Result,
    commit::{Commit, run_commit},
    intake::{Aim, Intake},
    writer::{Hold, Writer},
};
use crate::{
    backend::{ClaimOutcome, SessionKey, UploadState},
    digest::Digest,
    engine::{
        access::{Access, Permit},
        session::SessionGuard,
    },
    upload_id::UploadId,
};

/// An upload session, opened here by this caller for this repository.
pub struct Upload {
    access: Access,
    permit: Permit,
    id: UploadId,
    algorithm: String,
    expired: bool,
    expected: Option<u64>,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadStatus {
    /// How many bytes are kept.
    pub offset: u64,
}

enum Claim {
    Writer(Box<Writer>),
    Finished(Digest),
}

impl Upload {
    pub(super) fn open(access: &Access, permit: Permit, id: &UploadId) -> Result<Self> {
        let inner = &access.inner;
        let claims = inner.tokens.open_upload(&access.name, &access.caller, id);
        let claims = claims.ok_or(Error::UploadUnknown)?;
        Ok(Self {
            access: access.clone(),
            permit,
            id: id.clone(),
            algorithm: claims.algorithm.to_owned(),
            expired: permit.now.since(claims.issued) > inner.settings.upload_expiry,
            expected: None,
        })
    }

    /// Says how long the next body will be, where that is known. One that the store has no room for is then
    /// refused before it is read.
    #[must_use]
    pub fn expecting(mut self, length: Option<u64>) -> Self {
        self.expected = length;
        self
    }

    /// How far the session is.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`] where it has ended.
    pub async fn status(&self) -> Result<UploadStatus> {
        let inner = &self.access.inner;
        inner.sessions.settled(&self.id).await;
        match inner.metadata.upload(self.key()).await? {
            Some(UploadState::Open(checkpoint)) => Ok(UploadStatus {
                offset: checkpoint.offset,
            }),
            None if !self.expired => Ok(UploadStatus { offset: 0 }),
            _ => Err(Error::UploadUnknown),
        }
    }

    /// Appends a body; answers how many bytes there are then, all of them durable. Where `start` is
    /// given it must be where the session stands.
    ///
    /// # Errors
    /// [`Error::RangeInvalid`] where it stands elsewhere, [`Error::UploadUnknown`] where it has ended,
    /// [`Error::Body`] where the body breaks off: what arrived of it is kept.
    pub async fn append(&self, start: Option<u64>, body: &mut Body<'_>) -> Result<u64> {
        let Claim::Writer(mut writer) = self.claim(start, &self.algorithm, Aim::Append).await?
        else {
            return Err(Error::UploadUnknown);
        };
        writer.announce(self.expected).await?;
        writer.take(body).await?;
        writer.keep().await?;
        Ok(writer.offset())
    }

    /// Appends a last body, which may be empty, and commits the blob, if it has that digest. Repeated
    /// after its success, it succeeds again.
    ///
    /// # Errors
    /// As [`append`](Self::append), and [`Error::DigestMismatch`], which ends the session.
    pub async fn finish(
        &self,
        start: Option<u64>,
        body: &mut Body<'_>,
        digest: &Digest,
    ) -> Result<PushedBlob> {
        let unsupported = || Error::DigestUnsupported(digest.algorithm().to_owned());
        self.access
            .inner
            .algorithms
            .get(digest.algorithm())
            .ok_or_else(unsupported)?;
        // What follows may be nothing, and mostly is.
        let aim = match self.expected {
            Some(1..) => Aim::Append,
            Some(0) | None => Aim::Finish,
        };
        match self.claim(start, digest.algorithm(), aim).await? {
            Claim::Writer(mut writer) => {
                writer.announce(self.expected).await?;
                writer.take(body).await?;
                let commit = Commit::new(&self.access, self.permit, digest);
                run_commit(commit, *writer).await
            }
            Claim::Finished(done) if done == *digest => self.finished(done).await,
            Claim::Finished(_) => Err(Error::UploadUnknown),
        }
    }

    /// Cancels the session and gives up what arrived.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`] where it has ended.
    pub async fn cancel(&self) -> Result<()> {
        let inner = &self.access.inner;
        let _guard = inner.sessions.take_over(&self.id).await;
        match inner.metadata.cancel(self.key()).await? {
            None if self.expired => Err(Error::UploadUnknown),
            None => Ok(()),
            Some(open @ UploadState::Open(_)) => {
                inner.give_up(&open).await;
                Ok(())
            }
            Some(UploadState::Finished(_) | UploadState::Cancelled) => Err(Error::UploadUnknown),
        }
    }

    /// Becomes the session's writer. `fresh` is the algorithm where nothing was written yet.
    async fn claim(&self, start: Option<u64>, fresh: &str, aim: Aim) -> Result<Claim> {
        let inner = &self.access.inner;
        let guard = inner.sessions.take_over(&self.id).await;
        let (epoch, intake, tail) = match inner.metadata.claim(self.key()).await? {
            ClaimOutcome::Finished(digest) => return Ok(Claim::Finished(digest)),
            ClaimOutcome::Cancelled => return Err(Error::UploadUnknown),
            ClaimOutcome::Fresh if self.expired => return Err(Error::UploadUnknown),
            ClaimOutcome::Fresh => {
                continues(start, 0)?;
                (0, Intake::new(inner, fresh)?, 0..0)
            }
            ClaimOutcome::Claimed { epoch, from } => {
                continues(start, from.offset)?;
                let tail = from.tail();
                match Intake::resume(inner, from, aim).await {
                    Err(Error::UploadTakenOver) => return self.end_without_bytes().await,
                    resumed => (epoch, resumed?, tail),
                }
            }
        };
        let hold = self.hold(guard, epoch, (intake.offset(), tail));
        let writer = Writer::new(inner, intake, hold);
        Ok(Claim::Writer(Box::new(writer)))
    }

    /// The session is open, but the write that its bytes are in is gone: a commit made an object of it and
    /// never came to say so, as when the process was killed in between. Nobody can go on, and a client
    /// that was told of another writer would ask for ever; so the session ends, and it begins anew.
    async fn end_without_bytes(&self) -> Result<Claim> {
        match self.access.inner.metadata.cancel(self.key()).await? {
            // The commit came to its end, after all.
            Some(UploadState::Finished(digest)) => Ok(Claim::Finished(digest)),
            _ => Err(Error::UploadUnknown),
        }
    }

    fn hold(&self, guard: SessionGuard, epoch: u64, (kept, tail): (u64, Range<u64>)) -> Hold {
        let (repository, id) = (self.access.name.clone(), self.id.clone());
        Hold {
            guard,
            repository,
            id,
            epoch,
            kept,
            tail,
            known: true,
        }
    }

    async fn finished(&self, digest: Digest) -> Result<PushedBlob> {
        // Whoever ended it may have made the repository after this permit was given.
        let permit = self.access.decide().await?;
        let reader = super::super::Pull::new(self.access.clone(), permit);
        let size = reader.stat_blob(&digest).await?.size();
        Ok(PushedBlob { digest, size })
    }

    fn key(&self) -> SessionKey<'_> {
        SessionKey {
            repository: &self.access.name,
            id: &self.id,
        }
    }
}

impl Push {
    /// Says how long the body of the next blob will be, as [`Upload::expecting`] does.
    #[must_use]
    pub fn expecting(mut self, length: Option<u64>) -> Self {
        self.expected = length;
        self
    }

    /// Pushes a blob in one go.
    ///
    /// # Errors
    /// [`Error::Full`] where the store has no room for as much as is [expected](Self::expecting),
    /// [`Error::DigestMismatch`] where the bytes are others, [`Error::Body`] where they do not arrive.
    pub async fn put_blob(&self, digest: &Digest, body: &mut Body<'_>) -> Result<PushedBlob> {
        let inner = &self.access.inner;
        let intake = Intake::new(inner, digest.algorithm())?;
        let push = Push::new(self.access.clone(), self.permit);
        let mut writer = Writer::alone(push, intake, digest.algorithm());
        writer.announce(self.expected).await?;
        writer.take(body).await?;
        run_commit(Commit::new(&self.access, self.permit, digest), writer).await
    }
}

fn continues(start: Option<u64>, offset: u64) -> Result<()> {
    match start {
        Some(start) if start != offset => Err(Error::RangeInvalid { offset }),
        _ => Ok(()),
    }
}
