//! Uploads that have an id and an end.
//!
//! ```text
//! <prefix>/uploads/<id>    empty; there from an upload's beginning to its end
//! ```

use std::sync::Arc;

use async_trait::async_trait;
use object_store::{
    Error, MultipartId, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult,
    Result,
    azure::MicrosoftAzure,
    multipart::{MultipartStore, PartId},
    path::Path,
};
use registry_core::Random;

use crate::unique::Unique;

const UPLOADS: &str = "uploads";

pub(super) struct Uploads {
    pub(super) client: Arc<MicrosoftAzure>,
    pub(super) random: Arc<dyn Random>,
    pub(super) prefix: Path,
}

impl Uploads {
    fn marker(&self, id: &str) -> Path {
        self.prefix.clone().join(UPLOADS).join(id)
    }

    /// Throws the blocks away that wait for a commit. An object takes the place of all of them, and goes.
    async fn drop_blocks(&self, path: &Path) -> Result<()> {
        let first = PutOptions::from(PutMode::Create);
        match self.client.put_opts(path, PutPayload::new(), first).await {
            Ok(_) => self.client.delete(path).await,
            Err(Error::AlreadyExists { .. }) => match self.client.head(path).await {
                // Nobody commits nothing: it is left of an abort that did not come to its end.
                Ok(found) if found.size == 0 => self.client.delete(path).await,
                Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl MultipartStore for Uploads {
    async fn create_multipart(&self, _: &Path) -> Result<MultipartId> {
        let id = Unique::new(&*self.random).as_str().to_owned();
        self.client
            .put(&self.marker(&id), PutPayload::new())
            .await?;
        Ok(id)
    }

    async fn put_part(
        &self,
        path: &Path,
        id: &MultipartId,
        number: usize,
        bytes: PutPayload,
    ) -> Result<PartId> {
        self.client.head(&self.marker(id)).await?;
        self.client.put_part(path, id, number, bytes).await
    }

    async fn complete_multipart(
        &self,
        path: &Path,
        id: &MultipartId,
        parts: Vec<PartId>,
    ) -> Result<PutResult> {
        let done = self.client.complete_multipart(path, id, parts).await?;
        // If it stays, a block may still be sent, and no commit names it.
        drop(self.client.delete(&self.marker(id)).await);
        Ok(done)
    }

    /// The blocks go first: if this breaks in between, it can be done again.
    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        let marker = self.marker(id);
        self.client.head(&marker).await?;
        self.drop_blocks(path).await?;
        self.client.delete(&marker).await
    }
}
