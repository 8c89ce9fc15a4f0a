//! One writer of one upload: what it got is never half kept.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{
    StreamExt,
    future::{Either, select},
};

use super::{Body, Error, Push, Result, intake::Intake};
use crate::{
    backend::{
        MetadataError, SessionEnd, SessionKey, TailChange, UploadCheckpoint, UploadState,
        WriteCheckpoint, WriteOutcome,
    },
    engine::{Inner, session::SessionGuard},
    name::RepositoryName,
    upload_id::UploadId,
};

/// Takes a body in. Dropped before its end, as happens when the client goes away, it keeps what
/// arrived where there is a session to go on with, and gives it up otherwise.
pub(super) struct Writer {
    inner: Arc<Inner>,
    /// Taken out at the end, or by the drop.
    parts: Option<Parts>,
}

/// What a writer works with.
pub(super) struct Parts {
    pub(super) intake: Intake,
    pub(super) hold: Option<Hold>,
    /// What opens a session where there is none and one is needed, and for which algorithm.
    pub(super) opens: Option<(Push, String)>,
    /// The store may have what no row names yet.
    pub(super) entering: bool,
}

/// A writer's claim on its session.
pub(super) struct Hold {
    pub(super) guard: SessionGuard,
    pub(super) repository: RepositoryName,
    pub(super) id: UploadId,
    /// 0 until there is a row.
    pub(super) epoch: u64,
    /// The offset of the row.
    pub(super) kept: u64,
    /// Which bytes below it stand with the row.
    pub(super) tail: Range<u64>,
    /// A client can go on with it.
    pub(super) known: bool,
}

impl Writer {
    /// One of a session.
    pub(super) fn new(inner: &Arc<Inner>, intake: Intake, hold: Hold) -> Self {
        Self::of(inner, intake, Some(hold), None)
    }

    /// One of a push in one go, in an algorithm.
    pub(super) fn alone(push: Push, intake: Intake, algorithm: &str) -> Self {
        let inner = Arc::clone(&push.access.inner);
        Self::of(&inner, intake, None, Some((push, algorithm.to_owned())))
    }

    fn of(
        inner: &Arc<Inner>,
        intake: Intake,
        hold: Option<Hold>,
        opens: Option<(Push, String)>,
    ) -> Self {
        let parts = Parts {
            intake,
            hold,
            opens,
            entering: false,
        };
        Self {
            inner: Arc::clone(inner),
            parts: Some(parts),
        }
    }

    /// How many bytes there are.
    pub(super) fn offset(&self) -> u64 {
        self.parts.as_ref().map_or(0, |parts| parts.intake.offset())
    }

    /// So many more bytes are expected, where that is known.
    pub(super) async fn announce(&mut self, expected: Option<u64>) -> Result<()> {
        match (&mut self.parts, expected) {
            (Some(parts), Some(more)) => parts.intake.announce(&self.inner, more).await,
            _ => Ok(()),
        }
    }

    /// Takes a body to its end, or until a newer request wants the session.
    pub(super) async fn take(&mut self, body: &mut Body<'_>) -> Result<()> {
        while let Some(bytes) = self.next(body).await? {
            self.append(bytes).await?;
        }
        Ok(())
    }

    /// Keeps everything so far, to go on from in any process.
    pub(super) async fn keep(&mut self) -> Result<()> {
        match &mut self.parts {
            Some(parts) => parts.keep(&self.inner).await,
            None => Ok(()),
        }
    }

    /// Everything, for the commit; from here on it is the commit's to look after.
    pub(super) fn into_parts(mut self) -> Option<Parts> {
        self.parts.take()
    }

    async fn next(&mut self, body: &mut Body<'_>) -> Result<Option<Bytes>> {
        let hold = self.parts.as_mut().and_then(|parts| parts.hold.as_mut());
        let Some(hold) = hold else {
            return Ok(body.next().await.transpose()?);
        };
        match select(body.next(), hold.guard.stopped()).await {
            Either::Left((bytes, _)) => Ok(bytes.transpose()?),
            Either::Right(_) => Err(Error::UploadTakenOver),
        }
    }

    /// Takes bytes, with a checkpoint wherever one is due: exactly there, so that the hash state is
    /// that of the offset.
    async fn append(&mut self, mut bytes: Bytes) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        let every = inner.checkpoint_interval();
        loop {
            let due = every - self.offset() % every;
            let Some(parts) = &mut self.parts else {
                return Ok(());
            };
            match usize::try_from(due) {
                Ok(due) if due <= bytes.len() => {
                    parts.append(&inner, bytes.split_to(due)).await?;
                    parts.keep(&inner).await?;
                }
                _ if bytes.is_empty() => return Ok(()),
                _ => return parts.append(&inner, bytes).await,
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            if let Some(hold) = &parts.hold {
                hold.guard.saving();
            }
            let inner = Arc::clone(&self.inner);
            self.inner
                .spawner
                .spawn(Box::pin(async move { parts.leave(&inner).await }));
        }
    }
}

impl Parts {
    async fn append(&mut self, inner: &Inner, bytes: Bytes) -> Result<()> {
        self.enter(inner, bytes.len()).await?;
        self.intake.append(bytes).await
    }

    /// Keeps everything so far in the session's row.
    async fn keep(&mut self, inner: &Inner) -> Result<()> {
        let kept = self.hold.as_ref().map(|hold| hold.kept);
        if kept.is_none_or(|kept| kept == self.intake.offset() && !self.entering) {
            return Ok(());
        }
        self.enter(inner, 0).await?;
        let Some(hold) = &mut self.hold else {
            return Ok(());
        };
        let checkpoint = self.intake.checkpoint().await?;
        let kept = checkpoint.offset;
        match hold.write(inner, checkpoint).await? {
            true => hold.kept = kept,
            false => return Err(Error::UploadTakenOver),
        }
        Ok(())
    }

    /// The end of a writer whose client went away. What fails here is left to the collector.
    async fn leave(mut self, inner: &Inner) {
        let hold = self.hold.as_ref();
        if let Some(hold) = hold.filter(|hold| !hold.known) {
            // Nobody can go on. The row stays for as long as it names something.
            if self.intake.give_up().await.is_ok()
                && let Ok(Some(ended)) = inner.metadata.cancel(hold.session()).await
            {
                inner.give_up(&ended).await;
            }
        } else if !self.intake.is_torn() && hold.is_some() {
            drop(self.keep(inner).await);
        } else if self.entering || !hold.is_some_and(Hold::may_be_shared) {
            drop(self.intake.give_up().await);
        }
    }
}

impl Hold {
    pub(super) fn session(&self) -> SessionKey<'_> {
        SessionKey {
            repository: &self.repository,
            id: &self.id,
        }
    }

    /// Writes a checkpoint into the session's row; false where that is another writer's.
    pub(super) async fn write(
        &mut self,
        inner: &Inner,
        checkpoint: UploadCheckpoint,
    ) -> Result<bool, MetadataError> {
        let tail = checkpoint.tail();
        let command = WriteCheckpoint {
            session: self.session(),
            epoch: self.epoch,
            tail: self.change(&tail),
            checkpoint,
        };
        match inner.metadata.write_checkpoint(command).await? {
            WriteOutcome::Written { epoch } => {
                (self.epoch, self.tail) = (epoch, tail);
                Ok(true)
            }
            WriteOutcome::Superseded => Ok(false),
        }
    }

    /// What makes this tail of the one that the row has.
    fn change(&self, tail: &Range<u64>) -> TailChange {
        match &self.tail {
            kept if kept.is_empty() => TailChange::Append(0),
            kept if kept.start == tail.start => TailChange::Append(kept.end - kept.start),
            _ => TailChange::Replace,
        }
    }

    /// Whether another process may have gone on from a checkpoint of this write.
    pub(super) fn may_be_shared(&self) -> bool {
        self.epoch > 0
    }

    pub(super) fn end(&self) -> SessionEnd<'_> {
        SessionEnd {
            session: self.session(),
            epoch: self.epoch,
        }
    }
}

impl Inner {
    /// Gives up what a session held that was cancelled as it stood so. Should this fail, or never come to
    /// its end, the collector does it.
    pub(super) async fn give_up(&self, ended: &UploadState) {
        let Some(write) = ended.write() else {
            return;
        };
        if self.blobs.delete(write).await.is_ok() {
            let given_up = std::slice::from_ref(write);
            drop(self.metadata.forget_expired(given_up).await);
        }
    }

    /// A multiple of the store's part size, as near to the setting as can be.
    fn checkpoint_interval(&self) -> u64 {
        let part = self.blobs.part_size().max(1);
        self.settings.checkpoint_every.div_ceil(part).max(1) * part
    }
}
