//! Why a backup or a restore was not done.

use std::{
    io,
    path::{Path, PathBuf},
};

use registry_core::backend::{MetadataError, StoreError};

use crate::{directory::DirectoryError, sqlite::SqliteOpenError};

/// Why a backup was not made, or not restored. What was whole before is whole.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something else.
    #[error(
        "{} holds something that is no backup: name an empty or a new directory", .0.display()
    )]
    NoBackup(PathBuf),
    /// The first backup there was never finished.
    #[error("{} holds no finished backup: run registry backup again", .0.display())]
    Unfinished(PathBuf),
    /// Another backup or restore has it.
    #[error("{} is in use by another backup or restore", .0.display())]
    InUse(PathBuf),
    /// A backup of another registry is there.
    #[error(
        "{} holds a backup of another registry ({found}, not {wanted}): give each its own directory",
        path.display()
    )]
    AnotherRegistry {
        /// The backup's directory.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// The description of the backup makes no sense.
    #[error("{}: {}", .0.display(), .1)]
    Description(PathBuf, #[source] serde_json::Error),
    /// The database of the backup is not the one that was written.
    #[error("{} has changed since the backup: it is not restored", .0.display())]
    Damaged(PathBuf),
    /// There is a registry already.
    #[error(
        "{} holds something already: name an empty or a new directory, or say --force, which sets \
         the database there aside and adds to the content", .0.display()
    )]
    Occupied(PathBuf),
    /// The registry has no id yet.
    #[error("there is nothing to back up: no registry was ever started on this directory")]
    NeverStarted,
    /// A file cannot be used.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What cannot be done.
        what: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The thread that worked has gone.
    #[error("the work was not done: {0}")]
    Lost(String),
    /// A store of content cannot be used.
    #[error("{0}")]
    Content(#[from] StoreError),
    /// A database cannot be used.
    #[error("{0}")]
    Database(#[from] SqliteOpenError),
    /// A database was not read.
    #[error("{0}")]
    Metadata(#[from] MetadataError),
    /// The data directory cannot be used.
    #[error("{0}")]
    Directory(#[from] DirectoryError),
}

impl BackupError {
    pub(in crate::directory) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { what, path, source }
    }
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Metadata(crate::sqlite::unavailable(error))
    }
}
