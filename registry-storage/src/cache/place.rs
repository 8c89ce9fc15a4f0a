//! The directory of a cache.
//!
//! ```text
//! lock                      held by the process that has it
//! coming/<number>           what is being fetched; nothing of it outlives the process
//! kept/<xy>/<name>-<size>   what was fetched whole and verified; xy are the first two digits of its name
//! ```
//!
//! A name is the hash of an object's key, so any key makes a name, and none a path. The size stands in it because a
//! power cut may shorten a file that nobody synced: such a one is told by its length. Whatever else a power cut leaves
//! in it, its checksums tell.

use std::{
    fs::{self, DirEntry, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use registry_core::{Digest, backend::ObjectKey};

use super::frames::length_of;

/// The name of what is kept of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name(String);

/// A blob that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) name: Name,
    pub(super) size: u64,
}

/// The directory of a cache, which this process has.
pub(super) struct Place {
    path: PathBuf,
    last: AtomicU64,
    _lock: File,
}

/// A file that is being made; it goes with this.
pub(super) struct Coming(PathBuf);

impl Name {
    pub(super) fn of(key: &ObjectKey) -> Self {
        Self(Digest::sha256(key.as_str().as_bytes()).encoded().to_owned())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Kept {
    fn parse(text: &str) -> Option<Self> {
        let (name, size) = text.split_once('-')?;
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_name = name.len() == 64 && name.bytes().all(is_hex);
        let name = is_name.then(|| Name(name.to_owned()))?;
        let size = size.parse().ok()?;
        Some(Self { name, size })
    }
}

impl Place {
    /// Takes the directory, which is made if it is not there, and removes what a process before left half done.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let coming = path.join("coming");
        fs::create_dir_all(&coming)?;
        let mut options = OpenOptions::new();
        let lock = options.create(true).append(true).open(path.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::Error(error) => error,
            fs::TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::WouldBlock, "another process has it")
            }
        })?;
        for left in fs::read_dir(&coming)? {
            fs::remove_file(left?.path())?;
        }
        fs::create_dir_all(path.join("kept"))?;
        Ok(Self {
            path: path.to_owned(),
            last: AtomicU64::new(0),
            _lock: lock,
        })
    }

    /// What processes before kept, the oldest first. A file that was cut short goes.
    pub(super) fn found(&self) -> io::Result<Vec<Kept>> {
        let mut found = Vec::new();
        for shard in fs::read_dir(self.path.join("kept"))? {
            for file in fs::read_dir(shard?.path())? {
                found.extend(look(&file?)?);
            }
        }
        found.sort_by_key(|(modified, _)| *modified);
        Ok(found.into_iter().map(|(_, kept)| kept).collect())
    }

    /// A new file for what is fetched.
    pub(super) fn begin(&self) -> io::Result<(File, Coming)> {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join("coming").join(number.to_string());
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok((file, Coming(path)))
    }

    /// Keeps what was fetched.
    pub(super) fn keep(&self, coming: &Coming, kept: &Kept) -> io::Result<()> {
        match fs::create_dir(self.shard(&kept.name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::rename(&coming.0, self.path_of(kept)),
        }
    }

    pub(super) fn open_kept(&self, kept: &Kept) -> io::Result<File> {
        File::open(self.path_of(kept))
    }

    /// Removes what is kept; who reads it reads on. What cannot be removed now goes when the cache is opened again and
    /// has no room for it.
    pub(super) fn remove(&self, kept: &Kept) {
        fs::remove_file(self.path_of(kept)).ok();
    }

    fn path_of(&self, Kept { name, size }: &Kept) -> PathBuf {
        self.shard(name).join(format!("{}-{size}", name.0))
    }

    fn shard(&self, name: &Name) -> PathBuf {
        self.path.join("kept").join(&name.0[..2])
    }
}

/// What a file keeps, and since when.
fn look(file: &DirEntry) -> io::Result<Option<(SystemTime, Kept)>> {
    let Some(kept) = file.file_name().to_str().and_then(Kept::parse) else {
        return Ok(None);
    };
    let metadata = file.metadata()?;
    if metadata.len() == length_of(kept.size) {
        return Ok(Some((metadata.modified()?, kept)));
    }
    fs::remove_file(file.path())?;
    Ok(None)
}

impl Drop for Coming {
    fn drop(&mut self) {
        // It is not there where it was kept.
        fs::remove_file(&self.0).ok();
    }
}
