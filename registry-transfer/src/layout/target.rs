//! Writing a layout.
//!
//! A file has its final name only once its bytes are on disk and have the digest, so whatever ends an
//! export leaves a layout that the next one goes on with. The index is written last: until then nothing
//! names what is there. One process writes at a time, by a lock on the directory.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use registry_client::Content;
use registry_core::{Algorithms, Descriptor, Digest, MediaType, Reference, RepositoryName, Tag};
use rustix::fs::FlockOperation;

use super::{
    index::{INDEX, Index, LAYOUT, Layout, REF_NAME, VERSION, blob},
    name,
};
use crate::{
    Error, ImageManifest, Result, Target,
    files::{aside, is_known, there},
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

/// What the index is to list: images by name, and what others have put there without one.
struct Entries {
    named: BTreeMap<String, Descriptor>,
    nameless: Vec<Descriptor>,
    /// A name under which each manifest of a repository is listed.
    listed: BTreeMap<(RepositoryName, Digest), String>,
}

impl LayoutTarget {
    /// Opens a layout, which is made where there is nothing.
    ///
    /// # Errors
    /// Where there is something else, or another process writes there.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let root = path.into();
        let lock = aside(&root, lock).await?;
        let lock = lock.ok_or_else(|| {
            Error::content(format!("another process writes to {}", root.display()))
        })?;
        let index = Index::read(&root).await?;
        if index.is_none() && !aside(&root, is_empty).await? {
            return Err(Error::content(format!(
                "{} is neither empty nor an OCI layout",
                root.display()
            )));
        }
        aside(&root, prepare).await?;
        if index.is_none() {
            aside(&root, begin).await?;
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
            true => Ok(blob(&self.root, digest)),
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
        if actual != *digest {
            aside(&part, |part| fs::remove_file(part)).await?;
            let expected = digest.clone();
            return Err(registry_core::Error::DigestMismatch { expected, actual }.into());
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

impl Entries {
    fn of(listed: Vec<Descriptor>) -> Self {
        let mut entries = Self {
            named: BTreeMap::new(),
            nameless: Vec::new(),
            listed: BTreeMap::new(),
        };
        for descriptor in listed {
            match descriptor.annotations.get(REF_NAME).cloned() {
                Some(name) => entries.add(name, descriptor),
                None => entries.nameless.push(descriptor),
            }
        }
        entries
    }

    fn add(&mut self, name: String, descriptor: Descriptor) {
        let repository = |name| name::parse(name).and_then(|(repository, _)| repository);
        if let Some(repository) = repository(&name) {
            let key = (repository.clone(), descriptor.digest.clone());
            let replaced = self.named.insert(name.clone(), descriptor);
            if let Some(replaced) = replaced {
                self.listed.remove(&(repository, replaced.digest));
            }
            self.listed.insert(key, name);
        } else {
            self.named.insert(name, descriptor);
        }
    }

    fn find(&self, repository: &RepositoryName, reference: &Reference) -> Option<&Descriptor> {
        match reference {
            Reference::Tag(_) => self.named.get(&name::print(repository, reference)),
            Reference::Digest(digest) => {
                let name = self.listed.get(&(repository.clone(), digest.clone()))?;
                self.named.get(name)
            }
        }
    }

    fn index(&self) -> Index {
        let listed = self.nameless.iter().chain(self.named.values());
        Index {
            schema_version: 2,
            media_type: Some(MediaType::OCI_INDEX),
            manifests: listed.cloned().collect(),
        }
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
        _: &Digest,
        _: Option<&RepositoryName>,
    ) -> Result<bool> {
        Ok(false)
    }

    async fn put_blob(
        &self,
        _: &RepositoryName,
        descriptor: &Descriptor,
        content: Arc<dyn Content>,
    ) -> Result<()> {
        self.write(&descriptor.digest, &*content).await
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
        let digest = &manifest.digest;
        self.write(digest, &manifest.bytes).await?;
        let media_type = manifest.media_type.clone();
        let media_type = media_type.unwrap_or(MediaType::OCI_MANIFEST);
        let size = manifest.bytes.len() as u64;
        let mut entry = Descriptor::new(media_type, digest.clone(), size);
        let reference = match tag {
            Some(tag) => Reference::Tag(tag.clone()),
            None => Reference::Digest(digest.clone()),
        };
        let name = name::print(repository, &reference);
        entry.annotations.insert(REF_NAME.to_owned(), name.clone());
        self.entries().add(name, entry);
        Ok(())
    }

    async fn finish(&self) -> Result<()> {
        let index = serde_json::to_vec(&self.entries().index());
        let index = index.map_err(|error| Error::content(error.to_string()))?;
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

/// Streams content into a file, and says what digest it has.
async fn fill(
    mut file: File,
    part: &Path,
    digest: &Digest,
    content: &dyn Content,
) -> Result<(File, Digest)> {
    let algorithms = Algorithms::standard();
    let known = algorithms.get(digest.algorithm());
    let unsupported = || registry_core::Error::DigestUnsupported(digest.algorithm().to_owned());
    let mut hasher = known.ok_or_else(unsupported)?.hasher();
    let mut bytes = content.read(0).await.map_err(unread)?;
    while let Some(chunk) = bytes.try_next().await.map_err(unread)? {
        hasher.update(&chunk);
        let written = aside(part, move |_| {
            file.write_all(&chunk)?;
            Ok(file)
        });
        file = written.await?;
    }
    Ok((file, hasher.finish()))
}

fn unread(error: io::Error) -> Error {
    Error::content(format!("it cannot be read: {error}"))
}

fn lock(root: &Path) -> io::Result<Option<File>> {
    fs::create_dir_all(root)?;
    let directory = File::open(root)?;
    match rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(directory)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_empty(root: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(root)?.next().is_none())
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
fn begin(root: &Path) -> io::Result<()> {
    let empty = Index {
        schema_version: 2,
        media_type: Some(MediaType::OCI_INDEX),
        manifests: Vec::new(),
    };
    replace(&root.join(INDEX), &serde_json::to_vec(&empty)?)?;
    let layout = Layout {
        image_layout_version: VERSION.to_owned(),
    };
    replace(&root.join(LAYOUT), &serde_json::to_vec(&layout)?)?;
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

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
