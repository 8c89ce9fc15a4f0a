//! What can go wrong, and what it means to the engine.

use std::{io, path::PathBuf};

use registry_core::{
    Digest,
    backend::{MetadataError, MetadataErrorKind, ObjectKey},
};
use rusqlite::ErrorCode;

use super::lock::Holder;

/// Why a database was not opened. Whatever the reason, the file is as it was.
#[derive(Debug, thiserror::Error)]
#[error("the metadata in {path} cannot be used: {reason}")]
pub struct SqliteOpenError {
    path: PathBuf,
    #[source]
    reason: OpenError,
}

impl SqliteOpenError {
    pub(super) fn new(path: PathBuf, reason: OpenError) -> Self {
        Self { path, reason }
    }

    /// Whether another process has it open.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self.reason, OpenError::Locked(_))
    }

    /// Whether what is there is no database that could ever be used: it is cut to nothing, its pages
    /// make no sense, or all that is left is its log.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        let reason = &self.reason;
        matches!(
            reason,
            OpenError::Garbage(_) | OpenError::Empty | OpenError::OrphanedLog
        )
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error(
        "it is no sound SQLite database ({0}); it is left as it is: restore it from a backup, or \
         move it away to begin anew"
    )]
    Garbage(#[source] rusqlite::Error),
    #[error(
        "the file is empty, which this registry never leaves it; it is left as it is: restore it \
         from a backup, or move it away to begin anew"
    )]
    Empty,
    #[error(
        "it is not there, but its log is; restore both from a backup, or move the log away to \
         begin anew"
    )]
    OrphanedLog,
    #[cfg(feature = "directory")]
    #[error("its path must be valid UTF-8")]
    NotUnicode,
    #[error("it is an SQLite database of something else; it is left as it is")]
    Foreign,
    #[error(
        "its schema is {found}, written by a newer version of the registry; this version knows \
         schemas up to {current}: run the newer version, or restore a backup from before it"
    )]
    Newer { found: usize, current: usize },
    #[error("{0}")]
    Locked(Holder),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Garbage(error),
            _ => Self::Sqlite(error),
        }
    }
}

/// Why a command or a read was not done. Nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("the object {key} serves {digest} already")]
    ServesAnother { key: ObjectKey, digest: Digest },
    #[error("a command of the metadata panicked")]
    Panicked,
    #[error("{0}")]
    Closed(String),
}

impl From<Failure> for MetadataError {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::Sqlite(error) if is_full(error) => MetadataErrorKind::Full,
            Failure::Closed(_) => MetadataErrorKind::Closed,
            _ => MetadataErrorKind::Unavailable,
        };
        Self::new(kind, failure.to_string())
    }
}

/// What a failed COMMIT means for everything in it.
///
/// A full disk refuses to write a page of the log, and without its last page the log holds nothing
/// of the transaction. Anything else may have struck after that page was written, while it was
/// synced: a crash now would bring it back, so it is not known whether it happened.
pub(super) fn of_commit(error: &rusqlite::Error) -> MetadataError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => MetadataErrorKind::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => MetadataErrorKind::Unavailable,
        _ => MetadataErrorKind::Unknown,
    };
    MetadataError::new(kind, format!("the commit failed: {error}"))
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn kind_of_commit(code: i32) -> MetadataErrorKind {
        of_commit(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)).kind
    }

    #[test]
    fn a_commit_that_failed_says_what_is_left() {
        let kinds = [
            (ffi::SQLITE_FULL, MetadataErrorKind::Full),
            (ffi::SQLITE_BUSY, MetadataErrorKind::Unavailable),
            (ffi::SQLITE_IOERR_WRITE, MetadataErrorKind::Unknown),
            (ffi::SQLITE_IOERR_FSYNC, MetadataErrorKind::Unknown),
        ];
        for (code, kind) in kinds {
            assert_eq!(kind_of_commit(code), kind, "{code}");
        }
    }
}
