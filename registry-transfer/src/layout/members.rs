//! Where the files of a layout are: in a directory, or in a tar.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use registry_core::Digest;

use super::index::{INDEX, LAYOUT};
use crate::{
    Result,
    files::{FileContent, read, read_range},
    tar::Archive,
};

/// The files of a layout.
pub(super) enum Members {
    Directory(PathBuf),
    Archive(Archive),
}

impl Members {
    /// Opens a tar.
    pub(super) async fn archive(path: PathBuf) -> Result<Self> {
        let wanted = |name: &str| matches!(name, LAYOUT | INDEX) || name.starts_with("blobs/");
        Ok(Self::Archive(Archive::open(path, wanted).await?))
    }

    /// Where the layout is.
    pub(super) fn place(&self) -> &Path {
        match self {
            Self::Directory(root) => root,
            Self::Archive(archive) => archive.path(),
        }
    }

    /// Where a file is, for people.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.place().join(name)
    }

    /// The file itself, where it is one.
    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Directory(root) => Some(root.join(name)),
            Self::Archive(_) => None,
        }
    }

    /// The whole of a file that is no longer than `limit`; `None` where there is none.
    pub(super) async fn read(&self, name: &str, limit: u64) -> Result<Option<Bytes>> {
        let archive = match self {
            Self::Directory(root) => return read(root.join(name), limit).await,
            Self::Archive(archive) => archive,
        };
        let Some((file, range)) = archive.member(name) else {
            return Ok(None);
        };
        read_range(self.path(name), file, range, limit)
            .await
            .map(Some)
    }

    /// A file's bytes; `None` where there is none.
    pub(super) async fn open(&self, name: &str) -> Result<Option<FileContent>> {
        match self {
            Self::Directory(root) => FileContent::open(root.join(name)).await,
            Self::Archive(archive) => Ok(archive
                .member(name)
                .map(|(file, range)| FileContent::part(file, range))),
        }
    }
}

/// What the file of a digest is called. The digest is of an algorithm that is known.
pub(super) fn blob(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.encoded())
}
