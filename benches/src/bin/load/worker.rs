//! One connection's part of the load.

use std::sync::Arc;

use registry_core::Digest;

use crate::connection::Connection;
use crate::failure::Result;
use crate::fixture::{APP, Fixture, MOUNTS};
use crate::operation::Operation;

/// Carries out one operation again and again.
pub(crate) struct Worker {
    connection: Connection,
    fixture: Arc<Fixture>,
    operation: Operation,
    number: usize,
    made: usize,
    request: Option<Vec<u8>>,
}

impl Worker {
    pub(crate) async fn new(
        fixture: &Arc<Fixture>,
        operation: Operation,
        number: usize,
    ) -> Result<Self> {
        Ok(Self {
            connection: Connection::open(&fixture.target).await?,
            fixture: Arc::clone(fixture),
            operation,
            number,
            made: 0,
            request: fixture.request(operation),
        })
    }

    /// Carries it out once; how many bytes of content were transferred.
    pub(crate) async fn step(&mut self) -> Result<u64> {
        self.made += 1;
        if let Some(request) = &self.request {
            return Ok(self.connection.exchange(request, 200).await?.bytes);
        }
        match self.operation {
            Operation::PushLarge => self.push_large().await,
            Operation::PushSmallImage => self.push_image(4, 2 << 10).await,
            Operation::PushImage => self.push_image(8, 256 << 10).await,
            Operation::Mount => self.mount().await,
            _ => self.move_tag().await,
        }
    }

    async fn push_large(&mut self) -> Result<u64> {
        let pushed = &self.fixture.large[1..];
        let blob = &pushed[self.fixture.next_push() % pushed.len()];
        let contents = &self.fixture.contents;
        self.connection
            .push_blob("bench/large", contents, blob)
            .await?;
        Ok(blob.size() as u64)
    }

    /// Looks for each blob, pushes it, then the manifest by tag: what clients do for a new image.
    async fn push_image(&mut self, layers: usize, size: usize) -> Result<u64> {
        let contents = &self.fixture.contents;
        let repository = format!("bench/images-{}", self.number);
        let config = contents.blob(500);
        let layers: Vec<_> = (0..layers).map(|_| contents.blob(size)).collect();
        for blob in layers.iter().chain([&config]) {
            let path = format!("/v2/{repository}/blobs/{}", blob.digest());
            self.connection.ask("HEAD", &path, 404).await?;
            self.connection
                .push_blob(&repository, contents, blob)
                .await?;
        }
        let manifest = contents.manifest(&config, &layers, None);
        let tag = format!("v{}", self.made);
        self.connection
            .put_manifest(&repository, &tag, &manifest)
            .await?;
        Ok((layers.len() * size) as u64)
    }

    async fn move_tag(&mut self) -> Result<u64> {
        let manifest = match self.made % 2 {
            0 => &self.fixture.manifest,
            _ => &self.fixture.other_manifest,
        };
        let tag = format!("moved-{}", self.number);
        self.connection.put_manifest(APP, &tag, manifest).await?;
        Ok(manifest.len() as u64)
    }

    /// Mounts each blob into a repository where it is not, then into the next one.
    async fn mount(&mut self) -> Result<u64> {
        let mountable = &self.fixture.mountable;
        let number = self.fixture.next_mount();
        let digest: &Digest = mountable[number % mountable.len()].digest();
        let repository = format!("bench/mounted-{}", number / mountable.len());
        let path = format!("/v2/{repository}/blobs/uploads/?mount={digest}&from={MOUNTS}");
        self.connection.ask("POST", &path, 201).await?;
        Ok(0)
    }
}
