//! The data directory that a restore makes.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    Durability, SystemRandom,
    directory::{
        CONTENT, ContentIdentity, DirectoryError, METADATA,
        aside::set_aside,
        backup::{BackupDescription, BackupError, hex, is_empty, sync_directory_of, write_lasting},
    },
    disk::DiskBlobs,
    sqlite::{Lineage, Reserved, beside, reserve},
};

/// Says that a restore is under way.
pub(in crate::directory) const RESTORING: &str = "restoring";

/// What an attempt leaves that came no further.
const LOCK: &str = "metadata.sqlite-lock";

/// What stands there.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Restoring {
    /// Whose backup is restored.
    registry: String,
    /// What the names end in under which a database was set aside, where one was.
    aside: Option<String>,
}

/// A data directory on its way, held.
pub(super) struct Place {
    path: PathBuf,
    pub(super) content: DiskBlobs,
    restoring: Restoring,
    _reserved: Reserved,
}

impl Place {
    /// Makes sure of the directory, and sets aside what may be.
    pub(super) fn prepare(
        path: &Path,
        description: &BackupDescription,
        force: bool,
    ) -> Result<Self, BackupError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| BackupError::io("make", path, error))?;
        refuse_foreign(path, description)?;
        let restoring = match begun(path)? {
            Some(begun) if begun.registry == description.registry => begun,
            None if force || is_empty(path, LOCK)? => Restoring::of(path, description),
            _ => return Err(BackupError::Occupied(path.to_owned())),
        };
        let database = path.join(METADATA);
        let reserved = reserve(&database)?;
        restoring.write(path)?;
        if let Some(suffix) = &restoring.aside {
            set_aside(&database, suffix)
                .map_err(|error| BackupError::io("set aside", &database, error))?;
        }
        let random = Arc::new(SystemRandom);
        Ok(Self {
            path: path.to_owned(),
            content: DiskBlobs::open(path.join(CONTENT), Durability::Strict, random)?,
            restoring,
            _reserved: reserved,
        })
    }

    /// Where the database is before it is whole.
    pub(super) fn incoming(&self) -> PathBuf {
        beside(&self.path.join(METADATA), "restored")
    }

    /// Where the database is that was there before.
    pub(super) fn aside(&self) -> Option<PathBuf> {
        let suffix = self.restoring.aside.as_ref()?;
        Some(beside(&self.path.join(METADATA), suffix))
    }

    /// Gives the database its name, beside content that says it is ahead of it.
    pub(super) fn put_in_place(&self, database: &Lineage) -> Result<(), BackupError> {
        let mut ahead = ContentIdentity::from(database);
        if let Some(content) = ContentIdentity::of(&self.path)? {
            ahead.generation = ahead.generation.max(content.generation);
            ahead.opened = ahead.opened.max(content.opened);
        }
        ahead.opened += 1;
        ahead.write(&self.path)?;
        let (incoming, database) = (self.incoming(), self.path.join(METADATA));
        let put = || {
            File::open(&incoming)?.sync_all()?;
            fs::rename(&incoming, &database)?;
            sync_directory_of(&database)?;
            fs::remove_file(self.path.join(RESTORING))?;
            sync_directory_of(&database)
        };
        put().map_err(|error| BackupError::io("put in place", &database, error))
    }
}

impl Restoring {
    fn of(path: &Path, description: &BackupDescription) -> Self {
        let there = fs::exists(path.join(METADATA)).unwrap_or(true);
        Self {
            registry: description.registry.clone(),
            aside: there.then(|| format!("before-{}", description.database)),
        }
    }

    fn write(&self, directory: &Path) -> Result<(), BackupError> {
        let path = directory.join(RESTORING);
        let written = serde_json::to_vec(self)
            .map_err(io::Error::other)
            .and_then(|text| write_lasting(&path, &text));
        written.map_err(|error| BackupError::io("write", &path, error))
    }
}

/// Refuses to mix the content of two registries.
fn refuse_foreign(path: &Path, description: &BackupDescription) -> Result<(), BackupError> {
    let content = ContentIdentity::of(path)?.map(|content| hex(content.registry));
    match content {
        Some(found) if found != description.registry => Err(DirectoryError::ContentForeign {
            content: path.join(CONTENT),
            found,
            wanted: description.registry.clone(),
        }
        .into()),
        _ => Ok(()),
    }
}

/// The restore that was begun in a directory, where one was.
fn begun(directory: &Path) -> Result<Option<Restoring>, BackupError> {
    let path = directory.join(RESTORING);
    match fs::read(&path) {
        Ok(text) => {
            let restoring = serde_json::from_slice(&text).map_err(io::Error::other);
            restoring
                .map(Some)
                .map_err(|error| BackupError::io("understand", &path, error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(BackupError::io("read", &path, error)),
    }
}
