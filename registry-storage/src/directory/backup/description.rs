//! What a backup says of itself, in `backup.json`.
//!
//! The file is written last and renamed into place: what it names is whole. So a backup is finished in
//! one step, and the one before it is whole until then.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use registry_core::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::sqlite::Counts;

pub(in crate::directory) const DESCRIPTION: &str = "backup.json";

/// A finished backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupDescription {
    /// The registry's id, in hex digits.
    pub registry: String,
    /// When the database was copied, in milliseconds since the Unix epoch.
    pub taken: Timestamp,
    /// The name of the database's copy.
    pub database: String,
    /// The digest of that file.
    pub database_digest: Digest,
    /// The version of its tables.
    pub schema: usize,
    /// What it holds.
    pub holds: Counts,
    /// Files that it names and that were not to be had.
    pub missing: u64,
}

impl BackupDescription {
    /// Of the backup in a directory, where one was finished.
    ///
    /// # Errors
    /// When there is a description that cannot be read.
    pub fn read(directory: &Path) -> Result<Option<Self>, BackupError> {
        let path = directory.join(DESCRIPTION);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(BackupError::io("read", &path, error)),
        };
        let description = serde_json::from_slice(&text);
        description
            .map(Some)
            .map_err(|error| BackupError::Description(path, error))
    }

    /// Makes this the description of the backup in a directory.
    pub(super) fn write(&self, directory: &Path) -> Result<(), BackupError> {
        let path = directory.join(DESCRIPTION);
        let text = serde_json::to_vec_pretty(self);
        let text = text.map_err(|error| BackupError::Description(path.clone(), error))?;
        write_lasting(&path, &text).map_err(|error| BackupError::io("write", &path, error))
    }
}

/// Puts a file in its place, whole or not at all, and answers when it is on the disk.
pub(in crate::directory) fn write_lasting(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_directory_of(path)
}

/// Answers when a name is on the disk.
pub(in crate::directory) fn sync_directory_of(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|path| !path.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// An id in hex digits.
pub(in crate::directory) fn hex(id: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(id))
}
