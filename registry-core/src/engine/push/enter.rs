//! What the store will have of an upload is named in a row before it is there.
//!
//! A store that cannot list its unfinished writes forgets nothing of them, so one that no row names would
//! take its place for ever. A push in one go has no session to name it; so one is opened for it, as soon as
//! that is needed, which its client does not hear of.

use super::{
    Error, Push, Result,
    writer::{Hold, Parts},
};
use crate::{
    backend::{MetadataErrorKind, UploadCheckpoint},
    engine::Inner,
};

impl Parts {
    /// Makes room for so many more bytes, or for a checkpoint where they are none.
    pub(super) async fn enter(&mut self, inner: &Inner, more: usize) -> Result<()> {
        self.entering = true;
        if let Some(checkpoint) = self.intake.enter(inner, more).await? {
            self.name(inner, checkpoint).await?;
        }
        self.entering = false;
        Ok(())
    }

    /// Names what the store has begun. Where that is refused nobody knows of it, and it is given up.
    async fn name(&mut self, inner: &Inner, checkpoint: UploadCheckpoint) -> Result<()> {
        if let Some((push, algorithm)) = self.opens.take() {
            self.hold = Some(push.hold(&algorithm).await?);
        }
        let Some(hold) = &mut self.hold else {
            return Ok(());
        };
        let refused = match hold.write(inner, checkpoint).await {
            Ok(true) => return Ok(()),
            Ok(false) => Error::UploadTakenOver,
            // It may be named.
            Err(error) if error.kind == MetadataErrorKind::Unknown => return Err(error.into()),
            Err(error) => error.into(),
        };
        drop(self.intake.give_up().await);
        Err(refused)
    }
}

impl Push {
    /// A session that nobody is told of, and its writer.
    async fn hold(&self, algorithm: &str) -> Result<Hold> {
        let id = self.begin_upload(Some(algorithm))?;
        let guard = self.access.inner.sessions.take_over(&id).await;
        Ok(Hold {
            guard,
            repository: self.access.name.clone(),
            id,
            epoch: 0,
            kept: 0,
            tail: 0..0,
            known: false,
        })
    }
}
