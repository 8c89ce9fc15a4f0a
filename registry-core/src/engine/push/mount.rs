//! Mounting a blob from another repository, named or not.

use super::{Error, Push, PushedBlob, Result};
use crate::{
    backend::{Checked, MountBlob, MountBlobOutcome},
    digest::Digest,
    engine::access::{Access, Permit},
    name::RepositoryName,
    policy::{Action, Visible, VisibleSet},
};

/// Repositories tried for a mount that names none.
const CANDIDATES: usize = 16;

impl Push {
    /// Links a blob of another repository to this one. Both rights are checked; without `from`, any
    /// repository that the caller may read serves. `None` where there is nothing to mount: the caller
    /// is not told why.
    ///
    /// # Errors
    /// [`Error::RepositoryUnknown`] where this repository may not be made.
    pub async fn mount(
        &self,
        digest: &Digest,
        from: Option<&RepositoryName>,
    ) -> Result<Option<PushedBlob>> {
        let Some(from) = from else {
            return self.mount_from_any(digest).await;
        };
        let from = self.access.inner.canonical(from);
        self.mount_from(digest, from).await
    }

    async fn mount_from_any(&self, digest: &Digest) -> Result<Option<PushedBlob>> {
        let Access { inner, caller, .. } = &self.access;
        match inner.policy.visible(caller, Action::Pull).await {
            Visible::Nothing => Ok(None),
            Visible::All | Visible::Opaque => self.mount_from_holder(digest, None).await,
            Visible::Some(set) => self.mount_from_holder(digest, Some(&set)).await,
        }
    }

    async fn mount_from_holder(
        &self,
        digest: &Digest,
        visible: Option<&VisibleSet>,
    ) -> Result<Option<PushedBlob>> {
        let metadata = &self.access.inner.metadata;
        for holder in metadata.holders(digest, visible, None, CANDIDATES).await? {
            if let Some(blob) = self.mount_from(digest, holder).await? {
                return Ok(Some(blob));
            }
        }
        Ok(None)
    }

    async fn mount_from(
        &self,
        digest: &Digest,
        from: RepositoryName,
    ) -> Result<Option<PushedBlob>> {
        let source = self.access.reading(from);
        let Some(reading) = allowed(source.decide().await)? else {
            return Ok(None);
        };
        match self.link_from(digest, &source, reading).await? {
            Some(MountBlobOutcome::Mounted { size }) => {
                self.access.inner.changed.ring();
                Ok(Some(PushedBlob {
                    digest: digest.clone(),
                    size,
                }))
            }
            Some(MountBlobOutcome::RepositoryAbsent) => Err(self.access.unknown()),
            Some(MountBlobOutcome::SourceAbsent) | None => Ok(None),
        }
    }

    /// Both permissions are decided again where the facts of either changed. `None` where the right
    /// to read the source is gone.
    async fn link_from(
        &self,
        digest: &Digest,
        source: &Access,
        mut reading: Permit,
    ) -> Result<Option<MountBlobOutcome>> {
        let (access, mut writing) = (&self.access, self.permit);
        let mut decisions = 0;
        loop {
            let command = MountBlob {
                from: source.scope(reading),
                to: access.scope(writing),
                digest,
                create: access.inner.settings.create,
                origin: access.origin(),
            };
            if let Checked::Current(outcome) = access.inner.metadata.mount_blob(command).await? {
                return Ok(Some(outcome));
            }
            writing = access.decide_again(&mut decisions).await?;
            let Some(again) = allowed(source.decide().await)? else {
                return Ok(None);
            };
            reading = again;
        }
    }
}

/// A refusal to read the source is no error of the mount.
fn allowed(decision: Result<Permit>) -> Result<Option<Permit>> {
    match decision {
        Ok(permit) => Ok(Some(permit)),
        Err(Error::Unauthorized | Error::RepositoryUnknown(_) | Error::InsufficientScope(_)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
