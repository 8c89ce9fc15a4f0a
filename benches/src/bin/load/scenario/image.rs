//! An image, as clients push it.

use crate::connection::Connection;
use crate::content::{Blob, Contents};
use crate::failure::Result;

pub(super) struct Image {
    pub(super) config: Blob,
    pub(super) layers: Vec<Blob>,
}

impl Image {
    /// One that no server has.
    pub(super) fn new(contents: &Contents, layers: usize, size: usize) -> Self {
        Self {
            config: contents.blob(500),
            layers: (0..layers).map(|_| contents.blob(size)).collect(),
        }
    }

    pub(super) fn blobs(&self) -> impl Iterator<Item = &Blob> {
        self.layers.iter().chain([&self.config])
    }

    /// A manifest of it that is unlike all others.
    pub(super) fn manifest(&self, contents: &Contents) -> String {
        contents.manifest(&self.config, &self.layers, None)
    }

    /// Looks for each blob, and pushes it.
    pub(super) async fn push_blobs(
        &self,
        connection: &mut Connection,
        contents: &Contents,
        repository: &str,
    ) -> Result<()> {
        for blob in self.blobs() {
            let path = format!("/v2/{repository}/blobs/{}", blob.digest());
            connection.ask("HEAD", &path, 404).await?;
            connection.push_blob(repository, contents, blob).await?;
        }
        Ok(())
    }

    /// Bytes of the layers.
    pub(super) fn size(&self) -> u64 {
        self.layers.iter().map(|layer| layer.size() as u64).sum()
    }
}
