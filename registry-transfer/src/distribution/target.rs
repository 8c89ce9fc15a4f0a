//! Writing a storage directory, for a server that is stopped meanwhile.
//!
//! A file is made apart and gets its name once its bytes are on the disk and have the digest; a link once
//! what it stands for is there. So whatever ends an export leaves a directory that the other server can
//! read, and that the next export goes on with. A file that is linked from this machine is read and hashed
//! like any other: the other server would never do it.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use registry_client::Content;
use registry_core::{Descriptor, Digest, Reference, RepositoryName, Tag};

use super::storage::{Storage, read_link};
use crate::{
    Error, ImageBlob, ImageManifest, Result, Target, Way,
    files::{FileContent, aside, is_known, there},
    writing::{fill, hasher, lock, mismatch, must_be_empty, unread},
};

/// The directory of files that have no name yet. The other server does not look there.
const UNNAMED: &str = ".export";

/// A storage directory of the distribution registry that images go to.
pub struct DistributionTarget {
    storage: Storage,
    /// How many files were begun.
    begun: AtomicU64,
    _lock: File,
}

impl DistributionTarget {
    /// Opens what the other registry calls its `rootdirectory`, which is made where there is nothing.
    ///
    /// # Errors
    /// Where there is something else, or another process exports there.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let lock = lock(&path).await?;
        let storage = Storage::below(&path);
        let known = aside(&storage.repositories(), |path| Ok(path.is_dir())).await?;
        if !known {
            must_be_empty(&path, "a storage directory").await?;
        }
        aside(&storage.repositories(), |path| fs::create_dir_all(path)).await?;
        aside(&storage.root().join(UNNAMED), begin).await?;
        Ok(Self {
            storage,
            begun: AtomicU64::new(0),
            _lock: lock,
        })
    }

    /// A name for a file that is not whole yet.
    fn unnamed(&self) -> PathBuf {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let unnamed = self.storage.root().join(UNNAMED);
        unnamed.join(number.to_string())
    }

    fn data(&self, digest: &Digest) -> Result<PathBuf> {
        match is_known(digest) {
            true => Ok(self.storage.data(digest)),
            false => Err(registry_core::Error::DigestUnsupported(digest.algorithm().into()).into()),
        }
    }

    /// Whether there are bytes of that digest in that length.
    async fn has(&self, digest: &Digest, size: Option<u64>) -> Result<bool> {
        let found = aside(&self.data(digest)?, |path| {
            there(fs::symlink_metadata(path))
        })
        .await?;
        Ok(found.is_some_and(|it| it.is_file() && size.is_none_or(|size| it.len() == size)))
    }

    /// Has a file linked that has the digest. Whether that can be done.
    async fn link(&self, digest: &Digest, file: PathBuf) -> Result<bool> {
        let path = self.unnamed();
        if !aside(&path, move |path| Ok(fs::hard_link(file, path).is_ok())).await? {
            return Ok(false);
        }
        let linked = FileContent::open(path.clone()).await;
        let taken = match linked {
            Ok(Some(content)) => self.take(digest, path.clone(), content).await,
            Ok(None) => Err(Error::content("a file that was linked is gone")),
            Err(error) => Err(error),
        };
        // Where the data was the same file already, it still has this name.
        aside(&path, |path| there(fs::remove_file(path))).await?;
        taken.map(|()| true)
    }

    async fn take(&self, digest: &Digest, path: PathBuf, content: FileContent) -> Result<()> {
        mismatch(digest, digest_of(digest, &content).await?)?;
        let file = aside(&path, |path| File::open(path)).await?;
        self.name(file, path, self.data(digest)?).await
    }

    /// Streams content into a file that gets its name where the digest is right.
    async fn write(&self, digest: &Digest, content: &dyn Content) -> Result<()> {
        let (data, path) = (self.data(digest)?, self.unnamed());
        let file = aside(&path, |path| File::create_new(path)).await?;
        let (file, actual) = fill(file, &path, digest, content).await?;
        if let Err(error) = mismatch(digest, actual) {
            aside(&path, |path| fs::remove_file(path)).await?;
            return Err(error);
        }
        self.name(file, path, data).await
    }

    async fn write_link(&self, link: PathBuf, digest: &Digest) -> Result<()> {
        let (path, text) = (self.unnamed(), digest.to_string());
        let file = aside(&path, move |path| {
            let mut file = File::create_new(path)?;
            file.write_all(text.as_bytes())?;
            Ok(file)
        })
        .await?;
        self.name(file, path, link).await
    }

    async fn name(&self, file: File, path: PathBuf, name: PathBuf) -> Result<()> {
        aside(&name, move |name| {
            file.sync_all()?;
            fs::create_dir_all(name.parent().unwrap_or(name))?;
            fs::rename(path, name)
        })
        .await
    }

    /// Where a link points, as far as it can be read.
    async fn linked(&self, link: PathBuf) -> Option<Digest> {
        read_link(link).await.ok().flatten()
    }
}

#[async_trait]
impl Target for DistributionTarget {
    async fn has_blob(&self, repository: &RepositoryName, descriptor: &Descriptor) -> Result<bool> {
        let digest = &descriptor.digest;
        let has = self.has(digest, Some(descriptor.size)).await?;
        let link = self.storage.layer(repository, digest);
        Ok(has && self.linked(link).await.as_ref() == Some(digest))
    }

    /// Bytes are kept once for all repositories.
    async fn mount_blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        _: Option<&RepositoryName>,
    ) -> Result<bool> {
        let digest = &descriptor.digest;
        let has = self.has(digest, Some(descriptor.size)).await?;
        if has {
            let link = self.storage.layer(repository, digest);
            self.write_link(link, digest).await?;
        }
        Ok(has)
    }

    async fn put_blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        blob: ImageBlob,
    ) -> Result<Way> {
        let digest = &descriptor.digest;
        let linked = match blob.file {
            Some(file) => self.link(digest, file).await?,
            None => false,
        };
        if !linked {
            self.write(digest, &*blob.content).await?;
        }
        let link = self.storage.layer(repository, digest);
        self.write_link(link, digest).await?;
        Ok(match linked {
            true => Way::Linked,
            false => Way::Copied,
        })
    }

    async fn find(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<Digest>> {
        let digest = match reference {
            Reference::Digest(digest) => Some(digest.clone()),
            Reference::Tag(tag) => self.linked(self.storage.current(repository, tag)).await,
        };
        let Some(digest) = digest.filter(is_known) else {
            return Ok(None);
        };
        let revision = self.storage.revision(repository, &digest);
        let linked = self.linked(revision).await.as_ref() == Some(&digest);
        Ok((linked && self.has(&digest, None).await?).then_some(digest))
    }

    async fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: &ImageManifest,
        tag: Option<&Tag>,
    ) -> Result<()> {
        let digest = &manifest.digest;
        self.write(digest, &manifest.bytes).await?;
        let revision = self.storage.revision(repository, digest);
        self.write_link(revision, digest).await?;
        if let Some(tag) = tag {
            let tagged = self.storage.tagged(repository, tag, digest);
            self.write_link(tagged, digest).await?;
            let current = self.storage.current(repository, tag);
            self.write_link(current, digest).await?;
        }
        Ok(())
    }

    /// Names are in many directories, so all of the file system is synced once.
    async fn finish(&self) -> Result<()> {
        aside(self.storage.root(), |root| {
            fs::remove_dir_all(root.join(UNNAMED))?;
            Ok(rustix::fs::syncfs(File::open(root)?)?)
        })
        .await
    }
}

/// Makes the directory of what has no name yet, and removes what another export has left there.
fn begin(unnamed: &Path) -> io::Result<()> {
    there(fs::remove_dir_all(unnamed))?;
    fs::create_dir(unnamed)
}

async fn digest_of(like: &Digest, content: &FileContent) -> Result<Digest> {
    let mut hasher = hasher(like)?;
    let mut bytes = content.read(0).await.map_err(unread)?;
    while let Some(chunk) = bytes.try_next().await.map_err(unread)? {
        hasher.update(&chunk);
    }
    Ok(hasher.finish())
}
