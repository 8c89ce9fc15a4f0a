//! Deleting tags, manifests and blobs of a repository.

use super::{
    Error, Result,
    access::{Access, Permit, under_facts},
};
use crate::{
    backend::{
        DeleteBlob, DeleteBlobOutcome, DeleteManifest, DeleteManifestOutcome, DeleteTag,
        DeleteTagOutcome, TagCondition,
    },
    digest::Digest,
    hooks::{DeleteIntent, DeleteTarget},
    reference::Reference,
    tag::Tag,
};

/// How often hooks are asked again about a tag that moves while they judge.
pub(super) const MAX_JUDGEMENTS: usize = 8;

/// A repository from which content may be deleted.
pub struct Delete {
    access: Access,
    permit: Permit,
}

impl Delete {
    pub(super) fn new(access: Access, permit: Permit) -> Self {
        Self { access, permit }
    }

    /// Removes a tag, where it meets the condition. What it pointed to stays.
    ///
    /// # Errors
    /// [`Error::ManifestUnknown`] where there is no such tag, [`Error::ConditionFailed`] where it points
    /// elsewhere, [`Error::Vetoed`] by a hook.
    pub async fn tag(&self, tag: &Tag, condition: &TagCondition) -> Result<()> {
        self.must_exist()?;
        for _ in 0..MAX_JUDGEMENTS {
            let judged = self.judge_tag(tag, condition).await?;
            match self.delete_tag(tag, &judged).await? {
                DeleteTagOutcome::Deleted { .. } => {
                    self.access.inner.changed.ring();
                    return Ok(());
                }
                DeleteTagOutcome::Absent => return Err(unknown(tag)),
                // The tag moved while a hook judged it: it is asked again.
                DeleteTagOutcome::Conflict { .. } if *condition == TagCondition::Any => {}
                DeleteTagOutcome::Conflict { current } => {
                    let (tag, current) = (tag.clone(), Some(current));
                    return Err(Error::ConditionFailed { tag, current });
                }
            }
        }
        Err(Error::Unavailable(format!(
            "tag {tag} keeps moving: try again"
        )))
    }

    /// Deletes a manifest and every tag that points to it.
    ///
    /// # Errors
    /// [`Error::ManifestUnknown`] where there is none, [`Error::Required`] where another manifest needs
    /// it, [`Error::Vetoed`] by a hook.
    pub async fn manifest(&self, digest: &Digest) -> Result<()> {
        self.must_exist()?;
        self.ask_hooks(DeleteTarget::Manifest(digest)).await?;
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let command = |scope| DeleteManifest {
            scope,
            digest,
            origin: access.origin(),
        };
        let outcome = under_facts!(access, permit =>
            metadata.delete_manifest(command(access.scope(permit))));
        match outcome {
            DeleteManifestOutcome::Deleted { .. } => {
                access.inner.changed.ring();
                Ok(())
            }
            DeleteManifestOutcome::Absent => {
                Err(Error::ManifestUnknown(Reference::Digest(digest.clone())))
            }
            DeleteManifestOutcome::Required { by } => Err(Error::Required {
                digest: digest.clone(),
                by,
            }),
        }
    }

    /// Deletes a blob from this repository; others keep it.
    ///
    /// # Errors
    /// [`Error::BlobUnknown`] where there is none, [`Error::Required`] where a manifest needs it,
    /// [`Error::Vetoed`] by a hook.
    pub async fn blob(&self, digest: &Digest) -> Result<()> {
        self.must_exist()?;
        self.ask_hooks(DeleteTarget::Blob(digest)).await?;
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let command = |scope| DeleteBlob {
            scope,
            digest,
            origin: access.origin(),
        };
        let outcome = under_facts!(access, permit =>
            metadata.delete_blob(command(access.scope(permit))));
        match outcome {
            DeleteBlobOutcome::Deleted => {
                access.inner.changed.ring();
                Ok(())
            }
            DeleteBlobOutcome::Absent => Err(Error::BlobUnknown(digest.clone())),
            DeleteBlobOutcome::Required { by } => Err(Error::Required {
                digest: digest.clone(),
                by,
            }),
        }
    }

    /// Where hooks judge, what they judged becomes the condition.
    async fn judge_tag(&self, tag: &Tag, asked: &TagCondition) -> Result<TagCondition> {
        if self.access.inner.hooks.is_none() {
            return Ok(asked.clone());
        }
        let digest = match asked {
            TagCondition::Is(digest) => digest.clone(),
            _ => self.current(tag).await?,
        };
        self.ask_hooks(DeleteTarget::Tag(tag, &digest)).await?;
        Ok(TagCondition::Is(digest))
    }

    async fn current(&self, tag: &Tag) -> Result<Digest> {
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let reference = Reference::Tag(tag.clone());
        let record = under_facts!(access, permit =>
            metadata.manifest(access.scope(permit), &reference));
        Ok(record.ok_or_else(|| unknown(tag))?.digest)
    }

    async fn delete_tag(&self, tag: &Tag, condition: &TagCondition) -> Result<DeleteTagOutcome> {
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let command = |scope| {
            let (condition, origin) = (condition.clone(), access.origin());
            DeleteTag {
                scope,
                tag,
                condition,
                origin,
            }
        };
        Ok(under_facts!(access, permit => metadata.delete_tag(command(access.scope(permit)))))
    }

    async fn ask_hooks(&self, target: DeleteTarget<'_>) -> Result<()> {
        let Access {
            inner,
            caller,
            name,
            ..
        } = &self.access;
        if let Some(hooks) = &inner.hooks {
            let intent = DeleteIntent {
                caller,
                repository: name,
                target,
            };
            hooks
                .before_delete(&intent)
                .await
                .map_err(|veto| Error::Vetoed(veto.reason))?;
        }
        Ok(())
    }

    fn must_exist(&self) -> Result<()> {
        if self.permit.exists {
            Ok(())
        } else {
            Err(self.access.unknown())
        }
    }
}

fn unknown(tag: &Tag) -> Error {
    Error::ManifestUnknown(Reference::Tag(tag.clone()))
}
