//! Writing a layout into a tar.
//!
//! Members are written one after another, `oci-layout` first and `index.json` last. A member counts once its
//! digest was right; the next one begins behind the last that counts, over whatever another left. The tar
//! has its name only when it is whole, so an export that was interrupted leaves nothing, and what had the
//! name before stays until then. To go on with such a tar was the alternative: nothing in it says which
//! of its bytes have reached the disk. Nothing in it depends on the time or on who writes, so images that
//! are moved one at a time make the same tar each time.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use registry_client::Content;
use registry_core::{Descriptor, Digest, Reference, RepositoryName, Tag};
use rustix::fs::FlockOperation;
use tokio::sync::OwnedMutexGuard;

use super::{
    entries::Entries,
    index::{INDEX, LAYOUT, Layout},
    members::blob,
};
use crate::{
    Error, ImageBlob, ImageManifest, Result, Target, Way,
    files::aside,
    tar::{END, before, padding},
    writing::{hasher, mismatch, sync, unread},
};

/// An OCI layout in a tar that images go to.
pub struct ArchiveTarget {
    path: PathBuf,
    entries: Mutex<Entries>,
    writing: Arc<tokio::sync::Mutex<Writing>>,
}

/// The tar while it is written.
struct Writing {
    file: File,
    part: PathBuf,
    /// Where the last member ends that is whole.
    end: u64,
    sizes: BTreeMap<Digest, u64>,
    named: bool,
}

/// The right to write, which a step takes along to where it runs: one whose caller is gone ends before
/// another begins.
type Turn = OwnedMutexGuard<Writing>;

impl ArchiveTarget {
    /// Begins a tar, which takes the place of what has the name at the end.
    ///
    /// # Errors
    /// Where no file can be made there, or another process makes one.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let (file, part) = aside(&path, begin).await?;
        let writing = Writing {
            file,
            part,
            end: 0,
            sizes: BTreeMap::new(),
            named: false,
        };
        let target = Self {
            path,
            entries: Mutex::default(),
            writing: Arc::new(tokio::sync::Mutex::new(writing)),
        };
        target.append(LAYOUT, Layout::print()?).await?;
        Ok(target)
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn turn(&self) -> Turn {
        Arc::clone(&self.writing).lock_owned().await
    }

    /// Writes bytes at a place.
    async fn put(
        &self,
        turn: Turn,
        at: u64,
        bytes: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<Turn> {
        aside(&self.path, move |_| {
            turn.file.write_all_at(bytes.as_ref(), at)?;
            Ok(turn)
        })
        .await
    }

    /// Writes a member of few bytes.
    async fn append(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let turn = self.turn().await;
        let (at, size) = (turn.end, bytes.len() as u64);
        let mut member = before(name, size);
        member.extend(bytes);
        let turn = self.put(turn, at, member.clone()).await?;
        self.end(turn, at + member.len() as u64, size).await?;
        Ok(())
    }

    /// Streams content into a member that counts where the digest is right.
    async fn write(&self, digest: &Digest, content: &dyn Content) -> Result<()> {
        let mut hasher = hasher(digest)?;
        let mut turn = self.turn().await;
        if turn.sizes.contains_key(digest) {
            return Ok(());
        }
        let (size, header) = (content.size(), before(&blob(digest), content.size()));
        let start = turn.end + header.len() as u64;
        let at = turn.end;
        turn = self.put(turn, at, header).await?;
        let mut written = 0;
        let mut bytes = content.read(0).await.map_err(unread)?;
        while let Some(chunk) = bytes.try_next().await.map_err(unread)? {
            let at = start + written;
            written += chunk.len() as u64;
            hasher.update(&chunk);
            turn = self.put(turn, at, chunk).await?;
        }
        mismatch(digest, hasher.finish())?;
        if written != size {
            let sentence = format!("it has {written} bytes, and its source says {size}");
            return Err(Error::content(sentence));
        }
        let mut turn = self.end(turn, start + size, size).await?;
        turn.sizes.insert(digest.clone(), size);
        Ok(())
    }

    /// Ends a member whose bytes end there.
    async fn end(&self, turn: Turn, at: u64, size: u64) -> Result<Turn> {
        let padding = padding(size);
        let zeros = &END[..usize::try_from(padding).unwrap_or(END.len())];
        let mut turn = self.put(turn, at, zeros).await?;
        turn.end = at + padding;
        Ok(turn)
    }

    async fn has(&self, digest: &Digest, size: u64) -> bool {
        self.turn().await.sizes.get(digest) == Some(&size)
    }
}

impl Writing {
    /// Makes the tar whole, and gives it its name.
    fn finish(&mut self, path: &Path) -> io::Result<()> {
        self.file.write_all_at(&END, self.end)?;
        self.file.set_len(self.end + END.len() as u64)?;
        self.file.sync_all()?;
        fs::rename(&self.part, path)?;
        self.named = true;
        match path.parent() {
            Some(parent) if parent != Path::new("") => sync(parent),
            _ => sync(Path::new(".")),
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.named {
            // What cannot be removed is written over by the next.
            drop(fs::remove_file(&self.part));
        }
    }
}

#[async_trait]
impl Target for ArchiveTarget {
    async fn has_blob(&self, _: &RepositoryName, descriptor: &Descriptor) -> Result<bool> {
        Ok(self.has(&descriptor.digest, descriptor.size).await)
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
        Ok(entry.map(|entry| entry.digest))
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
        self.append(INDEX, index).await?;
        let mut turn = self.turn().await;
        aside(&self.path, move |path| turn.finish(path)).await
    }
}

/// The file that is to become the tar, empty and locked.
fn begin(path: &Path) -> io::Result<(File, PathBuf)> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut part = OsString::from(path);
    part.push(".part");
    let part = PathBuf::from(part);
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&part)?;
    let locked = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
    // Whoever had the lock may have given the file its name since it was opened here.
    let same = fs::symlink_metadata(&part).is_ok_and(|it| {
        file.metadata()
            .is_ok_and(|file| (file.dev(), file.ino()) == (it.dev(), it.ino()))
    });
    match locked {
        Ok(()) if same => file.set_len(0)?,
        Ok(()) | Err(rustix::io::Errno::WOULDBLOCK) => {
            return Err(io::Error::other("another process writes to it"));
        }
        Err(error) => return Err(error.into()),
    }
    Ok((file, part))
}
