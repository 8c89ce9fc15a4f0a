//! The registry of this process.

use std::{io, path::Path, sync::Arc};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use registry_client::{ByteStream, Content};
use registry_core::{
    Blob, BlobBody, BodyError, Caller, Descriptor, Digest, Error as CoreError, ManifestPush, Page,
    PageRequest, Pull, Push, PushedBlob, Reference, Registry, RepositoryName, Tag, Trust,
    backend::{FileStore, TagCondition},
};

use crate::{ImageBlob, ImageManifest, Result, Selection, Source, Target, Way};

/// A registry of this process, by its engine. Its policy is asked for everything.
#[derive(Clone)]
pub struct LocalRegistry {
    registry: Registry,
    caller: Caller,
    files: Option<Files>,
}

/// How files become blobs, and blobs files, without a copy.
#[derive(Clone)]
struct Files {
    store: Arc<dyn FileStore>,
    trust: Trust,
}

impl LocalRegistry {
    /// What a caller may do in a registry.
    #[must_use]
    pub fn new(registry: Registry, caller: Caller) -> Self {
        Self {
            registry,
            caller,
            files: None,
        }
    }

    /// Says that the registry's store has its objects in files. Large blobs that are files of this machine
    /// then become its own by a further name, and its own are such files for others; what cannot be linked
    /// is copied.
    #[must_use]
    pub fn files(mut self, store: Arc<dyn FileStore>, trust: Trust) -> Self {
        self.files = Some(Files { store, trust });
        self
    }

    async fn reading(&self, repository: &RepositoryName) -> Result<Pull> {
        Ok(self.registry.open(&self.caller, repository).pull().await?)
    }

    async fn writing(&self, repository: &RepositoryName) -> Result<Push> {
        Ok(self.registry.open(&self.caller, repository).push().await?)
    }

    /// Makes a file a blob. Whether it did.
    async fn adopt(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        file: &Path,
    ) -> Result<bool> {
        let Some(Files { store, trust }) = &self.files else {
            return Ok(false);
        };
        if descriptor.size <= self.registry.settings().inline_limit as u64 {
            return Ok(false);
        }
        let push = self.writing(repository).await?;
        let adopted = store.adopt(file, &descriptor.digest).await;
        let Some(object) = adopted.map_err(CoreError::from)? else {
            return Ok(false);
        };
        let blob = PushedBlob {
            digest: descriptor.digest.clone(),
            size: descriptor.size,
        };
        push.put_object(&blob, object, *trust).await?;
        Ok(true)
    }

    async fn blob_of(&self, repository: &RepositoryName, digest: &Digest) -> Result<Option<Blob>> {
        Ok(known(self.reading(repository).await?.blob(digest).await)?)
    }
}

/// `None` instead of the errors that say that something is not there.
fn known<T>(result: registry_core::Result<T>) -> registry_core::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(
            CoreError::BlobUnknown(_)
            | CoreError::ManifestUnknown(_)
            | CoreError::RepositoryUnknown(_),
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Goes through the pages of a listing.
macro_rules! all_pages {
    ($after:ident => $page:expr) => {{
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let $after = PageRequest {
                after: cursor.as_deref(),
                limit: usize::MAX,
            };
            let Page { items: more, next } = $page.await?;
            items.extend(more);
            if next.is_none() {
                break items;
            }
            cursor = next;
        }
    }};
}

#[async_trait]
impl Source for LocalRegistry {
    async fn repositories(&self, selection: &Selection) -> Result<Vec<RepositoryName>> {
        if let Some(named) = selection.named() {
            return Ok(named);
        }
        let mut names = all_pages!(page => self.registry.catalog(&self.caller, page));
        names.retain(|name| selection.takes_repository(name));
        Ok(names)
    }

    async fn tags(&self, repository: &RepositoryName) -> Result<Vec<Tag>> {
        let pull = self.reading(repository).await?;
        Ok(all_pages!(page => pull.tags(page)))
    }

    async fn untagged(&self, _: &RepositoryName) -> Result<Vec<Digest>> {
        Ok(Vec::new())
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ImageManifest>> {
        let pull = self.reading(repository).await?;
        let stored = known(pull.stat_manifest(reference).await)?;
        Ok(stored.map(|stored| ImageManifest {
            digest: stored.digest,
            media_type: Some(stored.media_type),
            bytes: stored.bytes,
        }))
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Result<Vec<Digest>> {
        let pull = self.reading(repository).await?;
        let referrers = all_pages!(page => pull.referrers(subject, None, page));
        Ok(referrers.into_iter().map(|it| it.digest).collect())
    }

    async fn blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
    ) -> Result<Option<ImageBlob>> {
        let blob = self.blob_of(repository, &descriptor.digest).await?;
        Ok(blob.map(|blob| {
            let files = self.files.as_ref().zip(blob.object());
            ImageBlob {
                file: files.and_then(|(files, object)| files.store.file(object)),
                content: Arc::new(LocalContent(blob)),
            }
        }))
    }
}

#[async_trait]
impl Target for LocalRegistry {
    async fn has_blob(&self, repository: &RepositoryName, descriptor: &Descriptor) -> Result<bool> {
        let reading = self.reading(repository).await?;
        let blob = known(reading.stat_blob(&descriptor.digest).await)?;
        Ok(blob.is_some_and(|blob| blob.size() == descriptor.size))
    }

    /// Whichever repository has it will do.
    async fn mount_blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        _: Option<&RepositoryName>,
    ) -> Result<bool> {
        let push = self.writing(repository).await?;
        Ok(push.mount(&descriptor.digest, None).await?.is_some())
    }

    async fn put_blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        blob: ImageBlob,
    ) -> Result<Way> {
        if let Some(file) = &blob.file
            && self.adopt(repository, descriptor, file).await?
        {
            return Ok(Way::Linked);
        }
        let broken = |error: io::Error| BodyError::Broken(error.to_string());
        let bytes = blob.content.read(0).await.map_err(broken);
        let mut body = bytes.map_err(CoreError::from)?.map_err(broken);
        let push = self.writing(repository).await?;
        push.put_blob(&descriptor.digest, &mut body).await?;
        Ok(Way::Copied)
    }

    async fn find(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<Digest>> {
        let pull = self.reading(repository).await?;
        Ok(known(pull.stat_manifest(reference).await)?.map(|stored| stored.digest))
    }

    async fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: &ImageManifest,
        tag: Option<&Tag>,
    ) -> Result<()> {
        let push = ManifestPush {
            reference: &Reference::Digest(manifest.digest.clone()),
            tags: tag.map(std::slice::from_ref).unwrap_or_default(),
            content_type: manifest.media_type.as_ref(),
            bytes: manifest.bytes.clone(),
            condition: TagCondition::Any,
        };
        self.writing(repository).await?.put_manifest(push).await?;
        Ok(())
    }

    async fn finish(&self) -> Result<()> {
        Ok(())
    }
}

struct LocalContent(Blob);

#[async_trait]
impl Content for LocalContent {
    fn size(&self) -> u64 {
        self.0.size()
    }

    async fn read(&self, offset: u64) -> io::Result<ByteStream> {
        let range = (offset > 0).then(|| offset..self.0.size());
        Ok(match self.0.read(range).await.map_err(io::Error::other)? {
            BlobBody::Bytes(bytes) => Box::pin(stream::iter([Ok(bytes)])),
            BlobBody::Stream(bytes) => bytes.map_err(io::Error::other).boxed(),
        })
    }
}
