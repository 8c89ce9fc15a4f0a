//! One process at a time.
//!
//! A file beside the database is locked for as long as the database is open. SQLite's own exclusive
//! mode was the alternative; it allows a single connection, and so no readers.

use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use super::error::OpenError;

/// Held while the database is open; the system lets go of it when the process ends, however it ends.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(database: &Path) -> Result<Self, OpenError> {
        let path = beside(database, "lock");
        let file = File::options().create(true).append(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// The path of a file that belongs to a database.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(database);
    path.push("-");
    path.push(suffix);
    path.into()
}
