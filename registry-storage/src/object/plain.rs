//! Uploads of parts in a store that has none: each part is an object, and a completion reads them all and
//! writes one object.
//!
//! ```text
//! <prefix>/parts/<upload>/open               from its beginning to its end
//! <prefix>/parts/<upload>/claimed            somebody completes it
//! <prefix>/parts/<upload>/<number>-<name>    a part; <name> is of this part alone
//! ```
//!
//! So any process goes on with what another has begun, as with a store's own uploads, and what is needed
//! of those holds here: parts are never replaced, and one alone completes; if it fails, nobody does. What it costs is that every byte
//! is written twice and read once, at the commit, with a part at a time in memory. Handing the bytes to
//! `put_multipart` as they come was the alternative; its uploads live in one process, and a client whose
//! chunks reach several would begin again for ever.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use object_store::{
    Attributes, Error, MultipartId, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
    PutResult, Result,
    multipart::{MultipartStore, PartId},
    path::Path,
};
use registry_core::Random;

use crate::unique::Unique;

/// Where parts are, beside what is committed.
const PARTS: &str = "parts";

const OPEN: &str = "open";

const CLAIMED: &str = "claimed";

pub(super) struct PlainParts {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) random: Arc<dyn Random>,
    pub(super) prefix: Path,
    /// What an object is made with.
    pub(super) attributes: Attributes,
}

impl PlainParts {
    fn unique(&self) -> Unique {
        Unique::new(&*self.random)
    }

    /// Where everything of an upload is.
    fn root(&self, id: &str) -> Path {
        self.prefix.clone().join(PARTS).join(id)
    }

    async fn is_open(&self, id: &str) -> Result<bool> {
        match self.objects.head(&self.root(id).join(OPEN)).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Has nobody else complete it, or go on with it.
    async fn claim(&self, id: &str) -> Result<()> {
        let (open, claimed) = (self.root(id).join(OPEN), self.root(id).join(CLAIMED));
        let first = PutOptions::from(PutMode::Create);
        match self
            .objects
            .put_opts(&claimed, PutPayload::new(), first)
            .await
        {
            Ok(_) => {}
            Err(Error::AlreadyExists { .. }) => return Err(ended(id)),
            Err(error) => return Err(error),
        }
        if !self.is_open(id).await? {
            self.objects.delete(&claimed).await?;
            return Err(ended(id));
        }
        self.objects.delete(&open).await
    }

    /// Writes all parts to one object, which is there when this has ended and not before.
    async fn join(&self, path: &Path, id: &str, parts: Vec<PartId>) -> Result<PutResult> {
        let attributes = self.attributes.clone().into();
        let mut whole = self.objects.put_multipart_opts(path, attributes).await?;
        for part in parts {
            let sent = match self.part(id, part).await {
                Ok(bytes) => whole.put_part(bytes).await,
                Err(error) => Err(error),
            };
            if let Err(error) = sent {
                drop(whole.abort().await);
                return Err(error);
            }
        }
        whole.complete().await
    }

    async fn part(&self, id: &str, part: PartId) -> Result<PutPayload> {
        let path = self.root(id).join(part.content_id);
        Ok(self.objects.get(&path).await?.bytes().await?.into())
    }

    /// Removes all of an upload.
    async fn clear(&self, id: &str) -> Result<()> {
        let listed = self.objects.list(Some(&self.root(id)));
        let paths = listed.map_ok(|object| object.location).boxed();
        let removed = self.objects.delete_stream(paths);
        let removed = removed.filter(|one| {
            // Somebody else may remove the same.
            let absent = matches!(one, Err(Error::NotFound { .. }));
            async move { !absent }
        });
        removed.try_for_each(|_| async { Ok(()) }).await
    }
}

#[async_trait]
impl MultipartStore for PlainParts {
    async fn create_multipart(&self, _: &Path) -> Result<MultipartId> {
        let id = self.unique().as_str().to_owned();
        let open = self.root(&id).join(OPEN);
        self.objects.put(&open, PutPayload::new()).await?;
        Ok(id)
    }

    async fn put_part(
        &self,
        _: &Path,
        id: &MultipartId,
        number: usize,
        bytes: PutPayload,
    ) -> Result<PartId> {
        let content_id = format!("{number}-{}", self.unique().as_str());
        let path = self.root(id).join(content_id.clone());
        self.objects.put(&path, bytes).await?;
        // Asked afterwards, so that what ends in between does not leave the part behind.
        if self.is_open(id).await? {
            return Ok(PartId { content_id });
        }
        drop(self.objects.delete(&path).await);
        Err(ended(id))
    }

    async fn complete_multipart(
        &self,
        path: &Path,
        id: &MultipartId,
        parts: Vec<PartId>,
    ) -> Result<PutResult> {
        self.claim(id).await?;
        let done = self.join(path, id, parts).await;
        // It has ended either way, whatever is left of its parts.
        drop(self.clear(id).await);
        done
    }

    async fn abort_multipart(&self, _: &Path, id: &MultipartId) -> Result<()> {
        match self.objects.delete(&self.root(id).join(OPEN)).await {
            Ok(()) | Err(Error::NotFound { .. }) => self.clear(id).await,
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for PlainParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = self.objects.to_string();
        f.debug_tuple("PlainParts").field(&objects).finish()
    }
}

fn ended(id: &str) -> Error {
    Error::NotFound {
        path: id.to_owned(),
        source: "the upload has ended".into(),
    }
}
