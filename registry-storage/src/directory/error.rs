//! Why a data directory was not opened.

use std::{
    io,
    path::{Path, PathBuf},
};

use registry_core::backend::StoreError;

use crate::sqlite::SqliteOpenError;

/// Why a data directory was not opened. What is there is as it was.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// There is nothing, or something else.
    #[error("{} holds no registry: there is no metadata.sqlite in it", .0.display())]
    NoRegistry(PathBuf),
    /// A backup was to be restored into it, and was not.
    #[error(
        "a restore into {} was not finished: run registry restore again", .0.display()
    )]
    Restoring(PathBuf),
    /// The registry that was there is elsewhere now.
    #[error("{}", told(.path, .said))]
    Moved {
        /// Where it was.
        path: PathBuf,
        /// Where it is, in words.
        said: String,
    },
    /// A registry is on its way to it.
    #[error(
        "a registry is being moved into {}, and not all of it is there: run registry migrate again where it \
         comes from", .0.display()
    )]
    Arriving(PathBuf),
    /// There is something where a registry was to be moved to.
    #[error(
        "{} is not empty, and no registry was on its way into it: move to another directory, or move away \
         what is there", .0.display()
    )]
    Occupied(PathBuf),
    /// Another registry is on its way to it.
    #[error(
        "another registry, {registry}, was being moved into {}: go on with that one, or move to another \
         directory", .path.display()
    )]
    ArrivingOther {
        /// Where.
        path: PathBuf,
        /// Which.
        registry: String,
    },
    /// It is a backup.
    #[error(
        "{} is a backup, and stays as it is: make a data directory of it with registry restore",
        .0.display()
    )]
    Backup(PathBuf),
    /// It could not be made.
    #[error("cannot make {}: {}", .0.display(), .1)]
    Make(PathBuf, #[source] io::Error),
    /// It could not be looked at.
    #[error("cannot look into {}: {}", .0.display(), .1)]
    Look(PathBuf, #[source] io::Error),
    /// The database names content, and there is none.
    #[error(
        "{} has no file 'registry', though the database names content there: is its disk mounted? \
         Nothing was changed", .0.display()
    )]
    ContentAbsent(PathBuf),
    /// The content belongs to another registry.
    #[error(
        "{} holds the content of registry {found}, but the database is that of registry {wanted}: \
         put the two together that belong together; nothing was changed", .content.display()
    )]
    ContentForeign {
        /// Where.
        content: PathBuf,
        /// Whose content it is.
        found: String,
        /// Whose database it is.
        wanted: String,
    },
    /// There is content, and no database that knows it.
    #[error(
        "{} holds the content of registry {registry}, but its database is gone: restore that from a \
         backup, or have `registry repair --rebuild` make it again, or move the content away to \
         begin anew", .content.display()
    )]
    DatabaseAbsent {
        /// Where the content is.
        content: PathBuf,
        /// Whose content it is.
        registry: String,
    },
    /// The file that says whose content it is says something else.
    #[error(
        "{} is not as this registry writes it: restore it from a backup, or move it away if the content \
         is surely the database's", .0.display()
    )]
    Unreadable(PathBuf),
    /// The database cannot be used.
    #[error("{0}")]
    Metadata(#[from] SqliteOpenError),
    /// The store of large content cannot be used.
    #[error("{0}")]
    Content(#[from] StoreError),
}

/// Where a registry is, and how that is taken back.
fn told(path: &Path, said: &str) -> String {
    let path = path.display();
    format!(
        "the registry of {path} has moved to {said}; what it was told since is there and not here: to go back all \
         the same, remove {path}/moved"
    )
}

impl DirectoryError {
    /// Whether another process has it open.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Metadata(error) if error.is_locked())
    }
}
