//! Where in a storage directory things are.

use std::path::{Path, PathBuf};

use registry_core::{Digest, RepositoryName, Tag};

use crate::{Error, Result, files::read};

/// A link holds a digest and no more.
const MAX_LINK: u64 = 512;

/// The paths of a storage directory. Digests are of algorithms that are known.
pub(super) struct Storage {
    root: PathBuf,
}

impl Storage {
    /// Of what the other registry calls its `rootdirectory`.
    pub(super) fn below(directory: &Path) -> Self {
        let root = directory.join("docker/registry/v2");
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn repositories(&self) -> PathBuf {
        self.root.join("repositories")
    }

    pub(super) fn manifests(&self, repository: &RepositoryName) -> PathBuf {
        self.repository(repository).join("_manifests")
    }

    /// The bytes of a digest.
    pub(super) fn data(&self, digest: &Digest) -> PathBuf {
        let encoded = digest.encoded();
        let blobs = self.root.join("blobs").join(digest.algorithm());
        blobs.join(&encoded[..2]).join(encoded).join("data")
    }

    /// That a repository has a manifest.
    pub(super) fn revision(&self, repository: &RepositoryName, digest: &Digest) -> PathBuf {
        link(self.manifests(repository).join("revisions"), digest)
    }

    /// That a repository has a blob.
    pub(super) fn layer(&self, repository: &RepositoryName, digest: &Digest) -> PathBuf {
        link(self.repository(repository).join("_layers"), digest)
    }

    /// Where a tag points.
    pub(super) fn current(&self, repository: &RepositoryName, tag: &Tag) -> PathBuf {
        self.tag(repository, tag).join("current/link")
    }

    /// That a tag has pointed at a manifest.
    pub(super) fn tagged(
        &self,
        repository: &RepositoryName,
        tag: &Tag,
        digest: &Digest,
    ) -> PathBuf {
        link(self.tag(repository, tag).join("index"), digest)
    }

    fn tag(&self, repository: &RepositoryName, tag: &Tag) -> PathBuf {
        self.manifests(repository).join("tags").join(tag.as_str())
    }

    fn repository(&self, repository: &RepositoryName) -> PathBuf {
        self.repositories().join(repository.as_str())
    }
}

fn link(directory: PathBuf, digest: &Digest) -> PathBuf {
    let directory = directory.join(digest.algorithm());
    directory.join(digest.encoded()).join("link")
}

/// The digest in a link; `None` where there is no link.
pub(super) async fn read_link(path: PathBuf) -> Result<Option<Digest>> {
    let Some(bytes) = read(path.clone(), MAX_LINK).await? else {
        return Ok(None);
    };
    let digest = str::from_utf8(&bytes).ok().map(str::trim_ascii);
    let digest = digest.and_then(|text| Digest::parse(text).ok());
    let none = || Error::content(format!("{} holds no digest", path.display()));
    digest.ok_or_else(none).map(Some)
}
