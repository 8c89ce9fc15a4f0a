//! Where images go to.

use async_trait::async_trait;
use registry_core::{Descriptor, Digest, Reference, RepositoryName, Tag};

use crate::{ImageBlob, ImageManifest, Result};

/// How a blob came to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Its bytes were copied.
    Copied,
    /// Its file has a further name.
    Linked,
}

/// A place that images go to.
///
/// 1. [`put_blob`](Self::put_blob) and [`put_manifest`](Self::put_manifest) keep nothing whose digest is
///    not the one given.
/// 2. What was put is there whatever becomes of the rest; a transfer that is begun again finds it.
#[async_trait]
pub trait Target: Send + Sync {
    /// Whether a repository has a blob of that digest and size.
    async fn has_blob(&self, repository: &RepositoryName, descriptor: &Descriptor) -> Result<bool>;

    /// Makes a blob of another repository one of this, without its bytes; `from` has it. Whether it did.
    async fn mount_blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        from: Option<&RepositoryName>,
    ) -> Result<bool>;

    /// Stores a blob.
    async fn put_blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        blob: ImageBlob,
    ) -> Result<Way>;

    /// The digest of a manifest, where it is there.
    async fn find(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<Digest>>;

    /// Stores a manifest whose parts are there, and points a tag at it.
    async fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: &ImageManifest,
        tag: Option<&Tag>,
    ) -> Result<()>;

    /// Writes what is written last. It is called once, after everything else.
    async fn finish(&self) -> Result<()>;
}
