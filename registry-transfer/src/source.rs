//! Where images come from.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use registry_client::Content;
use registry_core::{Descriptor, Digest, MediaType, Reference, RepositoryName, Tag};

use crate::{Result, Selection};

/// A manifest as a source has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageManifest {
    /// Its digest.
    pub digest: Digest,
    /// Its type, where the source keeps types.
    pub media_type: Option<MediaType>,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A blob as a source has it.
#[derive(Clone)]
pub struct ImageBlob {
    /// Its bytes.
    pub content: Arc<dyn Content>,
    /// The file of this machine that has just these bytes, where there is one.
    pub file: Option<PathBuf>,
}

impl ImageBlob {
    /// A blob that is no file.
    pub fn new(content: impl Content + 'static) -> Self {
        Self {
            content: Arc::new(content),
            file: None,
        }
    }
}

/// A place that images come from.
///
/// 1. It need not be honest: what it gives is verified before it counts for anything.
/// 2. [`manifest`](Self::manifest) and [`blob`](Self::blob) answer `None` only for what is not there; what
///    cannot be read is an error.
#[async_trait]
pub trait Source: Send + Sync {
    /// The repositories that a selection takes.
    async fn repositories(&self, selection: &Selection) -> Result<Vec<RepositoryName>>;

    /// The tags of a repository.
    async fn tags(&self, repository: &RepositoryName) -> Result<Vec<Tag>>;

    /// Manifests that no tag and no other manifest leads to, of a source that can list them.
    async fn untagged(&self, repository: &RepositoryName) -> Result<Vec<Digest>>;

    /// A manifest.
    async fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ImageManifest>>;

    /// The manifests whose subject this is.
    async fn referrers(&self, repository: &RepositoryName, subject: &Digest)
    -> Result<Vec<Digest>>;

    /// A blob that a manifest refers to.
    async fn blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
    ) -> Result<Option<ImageBlob>>;
}
