//! The directory that holds a backup.
//!
//! ```text
//! layout                  what this directory is: "registry backup, layout 1"
//! lock                    locked by whoever works on it
//! backup.json             the backup that is finished
//! database-<unique>       the copies of databases: the one that backup.json names, and one on its way
//! content                 files, as the data directory has them
//! ```
//!
//! It is laid out unlike a data directory, so that no server takes it for one and works in it.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_core::backend::{BlobStore, ObjectKey, ObjectKind};

use super::{
    BackupError,
    description::{BackupDescription, write_lasting},
};
use crate::{Durability, SystemRandom, directory::CONTENT, disk::DiskBlobs, sqlite::Snapshot};

const LAYOUT: &str = "layout";
const LAYOUT_1: &str = "registry backup, layout 1\n";
const LOCK: &str = "lock";
const DATABASE: &str = "database-";

/// Keys that are looked at in one step.
const STEP: usize = 1000;

/// A backup's directory, held.
pub(in crate::directory) struct Target {
    pub(in crate::directory) path: PathBuf,
    pub(in crate::directory) content: DiskBlobs,
    _lock: File,
}

impl Target {
    /// The directory for a backup to be made in; made where it is not there. This blocks.
    pub(super) fn make(path: &Path) -> Result<Self, BackupError> {
        // Whoever may read the files may read every private repository.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| BackupError::io("make", path, error))?;
        if is_empty(path, "layout.new")? {
            let layout = path.join(LAYOUT);
            let written = write_lasting(&layout, LAYOUT_1.as_bytes());
            written.map_err(|error| BackupError::io("write", &layout, error))?;
        }
        Self::open(path, |lock| {
            let mut options = File::options();
            let file = options.create(true).append(true).open(lock);
            file.map(|file| (file.try_lock(), file))
        })
    }

    /// The directory of a backup to be read, perhaps by several at once. This blocks.
    pub(in crate::directory) fn read(path: &Path) -> Result<Self, BackupError> {
        Self::open(path, |lock| {
            let file = File::open(lock);
            file.map(|file| (file.try_lock_shared(), file))
        })
    }

    fn open(
        path: &Path,
        lock: impl FnOnce(&Path) -> io::Result<(Result<(), TryLockError>, File)>,
    ) -> Result<Self, BackupError> {
        if !is_backup(path) {
            return Err(BackupError::NoBackup(path.to_owned()));
        }
        let at = path.join(LOCK);
        let cannot = |error| BackupError::io("lock", &at, error);
        let file = match lock(&at).map_err(cannot)? {
            (Ok(()), file) => file,
            (Err(TryLockError::WouldBlock), _) => return Err(BackupError::InUse(path.to_owned())),
            (Err(TryLockError::Error(error)), _) => return Err(cannot(error)),
        };
        let random = Arc::new(SystemRandom);
        Ok(Self {
            path: path.to_owned(),
            content: DiskBlobs::open(path.join(CONTENT), Durability::Strict, random)?,
            _lock: file,
        })
    }

    /// A place for another database.
    pub(super) fn new_database(&self, unique: u64) -> PathBuf {
        self.path.join(format!("{DATABASE}{unique:016x}"))
    }

    /// Removes what the finished backup does not name, and answers how many files of content those were.
    pub(super) async fn prune(
        &self,
        description: &BackupDescription,
        snapshot: &Snapshot,
    ) -> Result<u64, BackupError> {
        self.prune_databases(&description.database)?;
        while let keys @ [_, ..] = &self.unfinished().await?[..] {
            for key in keys {
                self.content.delete(key).await?;
            }
        }
        let (mut pruned, mut after) = (0, None);
        loop {
            let kind = ObjectKind::Committed;
            let keys = self.content.list(kind, after.as_ref(), STEP).await?;
            let Some(last) = keys.last() else {
                return Ok(pruned);
            };
            after = Some(last.clone());
            for key in &keys {
                if !snapshot.names(key)? {
                    self.content.delete(key).await?;
                    pruned += 1;
                }
            }
        }
    }

    async fn unfinished(&self) -> Result<Vec<ObjectKey>, BackupError> {
        let kind = ObjectKind::Unfinished;
        Ok(self.content.list(kind, None, STEP).await?)
    }

    fn prune_databases(&self, keep: &str) -> Result<(), BackupError> {
        let cannot = |error| BackupError::io("list", &self.path, error);
        for entry in fs::read_dir(&self.path).map_err(cannot)? {
            let name = entry.map_err(cannot)?.file_name();
            let old = name
                .to_str()
                .is_some_and(|name| name.starts_with(DATABASE) && name != keep);
            if old {
                let path = self.path.join(name);
                fs::remove_file(&path).map_err(|error| BackupError::io("remove", &path, error))?;
            }
        }
        Ok(())
    }
}

/// Whether a directory holds a backup, finished or not.
pub(in crate::directory) fn is_backup(path: &Path) -> bool {
    fs::read_to_string(path.join(LAYOUT)).is_ok_and(|layout| layout == LAYOUT_1)
}

/// Whether a directory has nothing in it, but for what a file system puts there and what an attempt may
/// have left.
pub(in crate::directory) fn is_empty(path: &Path, left: &str) -> Result<bool, BackupError> {
    let cannot = |error| BackupError::io("list", path, error);
    for entry in fs::read_dir(path).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        if name != "lost+found" && name != left {
            return Ok(false);
        }
    }
    Ok(true)
}
