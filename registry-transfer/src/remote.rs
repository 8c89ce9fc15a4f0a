//! Another registry, over the protocol.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future};
use registry_client::{Blob, ByteStream, Client, Content, Repository};
use registry_core::{Descriptor, Digest, MediaType, Reference, RepositoryName, Tag};

use crate::{Error, ImageBlob, ImageManifest, Result, Selection, Source, Target, Way};

/// A list longer than this is not taken.
const MOST: usize = 10_000_000;

/// Another registry. What breaks on the way is resumed by the client.
#[derive(Clone)]
pub struct RemoteRegistry(Client);

impl RemoteRegistry {
    /// The registry that a client speaks to.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    fn repository(&self, name: &RepositoryName) -> Repository {
        self.0.repository(name)
    }
}

/// `None` instead of the error that says that something is not there.
fn known<T>(result: registry_client::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[async_trait]
impl Source for RemoteRegistry {
    async fn repositories(&self, selection: &Selection) -> Result<Vec<RepositoryName>> {
        if let Some(named) = selection.named() {
            return Ok(named);
        }
        let mut names = self.0.catalog().all(MOST).await?;
        names.retain(|name| selection.takes_repository(name));
        Ok(names)
    }

    async fn tags(&self, repository: &RepositoryName) -> Result<Vec<Tag>> {
        Ok(self.repository(repository).tags().all(MOST).await?)
    }

    async fn untagged(&self, _: &RepositoryName) -> Result<Vec<Digest>> {
        Ok(Vec::new())
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ImageManifest>> {
        let fetched = known(self.repository(repository).manifest(reference).await)?;
        Ok(fetched.map(|fetched| ImageManifest {
            digest: fetched.digest,
            media_type: Some(fetched.media_type),
            bytes: fetched.bytes,
        }))
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Result<Vec<Digest>> {
        let pages = self.repository(repository).referrers(subject, None);
        let referrers = pages.all(MOST).await?;
        Ok(referrers.into_iter().map(|it| it.digest).collect())
    }

    async fn blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
    ) -> Result<Option<ImageBlob>> {
        let repository = self.repository(repository);
        let Some(blob) = known(repository.blob(&descriptor.digest).await)? else {
            return Ok(None);
        };
        let size = blob.size().unwrap_or(descriptor.size);
        Ok(Some(ImageBlob::new(RemoteContent {
            repository,
            digest: descriptor.digest.clone(),
            size,
            opened: Mutex::new(Some(blob)),
        })))
    }
}

#[async_trait]
impl Target for RemoteRegistry {
    async fn has_blob(&self, repository: &RepositoryName, descriptor: &Descriptor) -> Result<bool> {
        let repository = self.repository(repository);
        let size = repository.blob_exists(&descriptor.digest).await?;
        Ok(size == Some(descriptor.size))
    }

    async fn mount_blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        from: Option<&RepositoryName>,
    ) -> Result<bool> {
        match from {
            Some(from) => Ok(self
                .repository(repository)
                .mount(&descriptor.digest, from)
                .await?),
            None => Ok(false),
        }
    }

    async fn put_blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        blob: ImageBlob,
    ) -> Result<Way> {
        let repository = self.repository(repository);
        let put = repository.put_blob(&descriptor.digest, &*blob.content);
        put.await?;
        Ok(Way::Copied)
    }

    async fn find(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<Digest>> {
        let found = self
            .repository(repository)
            .manifest_exists(reference)
            .await?;
        Ok(found.map(|descriptor| descriptor.digest))
    }

    async fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: &ImageManifest,
        tag: Option<&Tag>,
    ) -> Result<()> {
        let repository = self.repository(repository);
        let (digest, bytes) = (&manifest.digest, manifest.bytes.clone());
        let media_type = manifest.media_type.clone();
        let media_type = &media_type.unwrap_or(MediaType::OCI_MANIFEST);
        let by_digest = Reference::Digest(digest.clone());
        let Some(tag) = tag else {
            repository
                .put_manifest(&by_digest, media_type, bytes)
                .await?;
            return Ok(());
        };
        // A push by tag says nothing of the algorithm, and a push with tags is not known everywhere.
        if digest.algorithm() == "sha256" {
            let by_tag = Reference::Tag(tag.clone());
            repository.put_manifest(&by_tag, media_type, bytes).await?;
            return Ok(());
        }
        let tags = [tag.clone()];
        let set = repository.put_tagged_manifest(digest, &tags, media_type, bytes);
        match set.await?.contains(tag) {
            true => Ok(()),
            false => Err(Error::content(format!(
                "the registry does not tag a manifest of the digest {digest}"
            ))),
        }
    }

    async fn finish(&self) -> Result<()> {
        Ok(())
    }
}

/// A blob that is fetched again for each time it is read.
struct RemoteContent {
    repository: Repository,
    digest: Digest,
    size: u64,
    opened: Mutex<Option<Blob>>,
}

#[async_trait]
impl Content for RemoteContent {
    fn size(&self) -> u64 {
        self.size
    }

    async fn read(&self, offset: u64) -> io::Result<ByteStream> {
        let opened = self
            .opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let blob = match opened {
            Some(blob) => blob,
            None => {
                let blob = self.repository.blob(&self.digest).await;
                blob.map_err(io::Error::other)?
            }
        };
        let mut skip = offset;
        let bytes = blob.into_stream().map_err(io::Error::other);
        let rest = bytes.try_filter_map(move |bytes| future::ok(after(&mut skip, bytes)));
        Ok(rest.boxed())
    }
}

/// What of these bytes lies after those to be skipped.
fn after(skip: &mut u64, mut bytes: Bytes) -> Option<Bytes> {
    let known = usize::try_from(*skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
    *skip -= known as u64;
    let rest = bytes.split_off(known);
    (!rest.is_empty()).then_some(rest)
}
