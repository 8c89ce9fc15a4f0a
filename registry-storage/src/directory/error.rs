//! Why a data directory was not opened.

use std::{io, path::PathBuf};

use registry_core::backend::StoreError;

use crate::sqlite::SqliteOpenError;

/// Why a data directory was not opened. What is there is as it was.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// There is nothing, or something else.
    #[error("{} holds no registry: there is no metadata.sqlite in it", .0.display())]
    NoRegistry(PathBuf),
    /// It could not be made.
    #[error("cannot make {}: {}", .0.display(), .1)]
    Make(PathBuf, #[source] io::Error),
    /// It could not be looked at.
    #[error("cannot look into {}: {}", .0.display(), .1)]
    Look(PathBuf, #[source] io::Error),
    /// The database cannot be used.
    #[error("{0}")]
    Metadata(#[from] SqliteOpenError),
    /// The store of large content cannot be used.
    #[error("{0}")]
    Content(#[from] StoreError),
}

impl DirectoryError {
    /// Whether another process has it open.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Metadata(error) if error.is_locked())
    }
}
