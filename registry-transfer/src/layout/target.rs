//! Writing a layout.
//!
//! A file has its final name only once its bytes are on disk and have the digest, so whatever ends an
//! export leaves a layout that the next one goes on with. The index is written last: until then nothing
//! names what is there. One process writes at a time, by a lock on the directory.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use registry_client::Content;
use registry_core::{Algorithms, Descriptor, Digest, Reference, RepositoryName, Tag};

use super::{
    entries::Entries,
    index::{INDEX, Index, LAYOUT, Layout},
    members::{Members, blob},
};
use crate::{
    ImageBlob, ImageManifest, Result, Target, Way,
    files::{aside, is_known, there},
    writing::{fill, lock, mismatch, must_be_empty, sync},
};

/// What a file is called that is not whole yet.
const PART: &str = "part";

/// An OCI layout directory that images go to.
pub struct LayoutTarget {
    root: PathBuf,
    entries: Mutex<Entries>,
    /// How many files were begun: each has a name of its own until it is whole.
    begun: AtomicU64,
    _lock: File,
}

impl LayoutTarget {
    /// Opens a layout, which is made where there is nothing.
    ///
    /// # Errors
    /// Where there is something else, or another process writes there.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let root = path.into();
        let lock = lock(&root).await?;
        let index = Index::read(&Members::Directory(root.clone())).await?;
        if index.is_none() {
            must_be_empty(&root, "an OCI layout").await?;
        }
        aside(&root, prepare).await?;
        if index.is_none() {
            let (empty, layout) = (Entries::default().index().print()?, Layout::print()?);
            aside(&root, move |root| begin(root, &empty, &layout)).await?;
        }
        let listed = index.map(|index| index.manifests).unwrap_or_default();
        Ok(Self {
            root,
            entries: Mutex::new(Entries::of(listed)),
            begun: AtomicU64::new(0),
            _lock: lock,
        })
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, digest: &Digest) -> Result<PathBuf> {
        match is_known(digest) {
            true => Ok(self.root.join(blob(digest))),
            false => Err(registry_core::Error::DigestUnsupported(digest.algorithm().into()).into()),
        }
    }

    /// Streams content into a file that gets its name where the digest is right.
    async fn write(&self, digest: &Digest, content: &dyn Content) -> Result<()> {
        let path = self.path(digest)?;
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let part = path.with_extension(format!("{number}.{PART}"));
        let file = aside(&part, |part| File::create_new(part)).await?;
        let (file, actual) = fill(file, &part, digest, content).await?;
        if let Err(error) = mismatch(digest, actual) {
            aside(&part, |part| fs::remove_file(part)).await?;
            return Err(error);
        }
        aside(&path, move |path| {
            file.sync_all()?;
            fs::rename(part, path)
        })
        .await
    }

    /// Whether there is a file of that length.
    async fn has(&self, digest: &Digest, size: Option<u64>) -> Result<bool> {
        let found = aside(&self.path(digest)?, |path| {
            there(fs::symlink_metadata(path))
        })
        .await?;
        Ok(found.is_some_and(|it| it.is_file() && size.is_none_or(|size| it.len() == size)))
    }
}

#[async_trait]
impl Target for LayoutTarget {
    async fn has_blob(&self, _: &RepositoryName, descriptor: &Descriptor) -> Result<bool> {
        self.has(&descriptor.digest, Some(descriptor.size)).await
    }

    async fn mount_blob(
        &self,
        _: &RepositoryName,
        _: &Descriptor,
        _: Option<&RepositoryName>,
    ) -> Result<bool> {
        Ok(false)
    }

    async fn put_blob(
        &self,
        _: &RepositoryName,
        descriptor: &Descriptor,
        blob: ImageBlob,
    ) -> Result<Way> {
        self.write(&descriptor.digest, &*blob.content).await?;
        Ok(Way::Copied)
    }

    async fn find(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<Digest>> {
        let entry = self.entries().find(repository, reference).cloned();
        match entry {
            Some(entry) if self.has(&entry.digest, Some(entry.size)).await? => {
                Ok(Some(entry.digest))
            }
            _ => Ok(None),
        }
    }

    async fn put_manifest(
        &self,
        repository: &RepositoryName,
        manifest: &ImageManifest,
        tag: Option<&Tag>,
    ) -> Result<()> {
        self.write(&manifest.digest, &manifest.bytes).await?;
        self.entries().place(repository, manifest, tag);
        Ok(())
    }

    async fn finish(&self) -> Result<()> {
        let index = self.entries().index().print()?;
        aside(&self.root, move |root| {
            replace(&root.join(INDEX), &index)?;
            for algorithm in Algorithms::standard().names() {
                sync(&root.join("blobs").join(algorithm))?;
            }
            sync(root)
        })
        .await
    }
}

/// Makes the directories of a layout, and removes what an export that was interrupted has begun.
fn prepare(root: &Path) -> io::Result<()> {
    for algorithm in Algorithms::standard().names() {
        let directory = root.join("blobs").join(algorithm);
        fs::create_dir_all(&directory)?;
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == PART) {
                fs::remove_file(path)?;
            }
        }
    }
    Ok(())
}

/// Makes a directory a layout. `oci-layout` comes last, so that it is one only then.
fn begin(root: &Path, index: &[u8], layout: &[u8]) -> io::Result<()> {
    replace(&root.join(INDEX), index)?;
    replace(&root.join(LAYOUT), layout)?;
    sync(root)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension(PART);
    there(fs::remove_file(&part))?;
    let mut file = File::create_new(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(part, path)
}
