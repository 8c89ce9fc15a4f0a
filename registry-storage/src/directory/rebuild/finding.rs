//! What a rebuild finds missing, and why there is none.

use std::{
    io,
    path::{Path, PathBuf},
};

use registry_core::{
    Digest, RepositoryName, Tag,
    backend::{MetadataError, ObjectKey, StoreError},
};

use crate::{
    directory::DirectoryError,
    sqlite::{SqliteFailure, SqliteOpenError},
};

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebuildFinding {
    /// Part of the journal is unreadable.
    #[error(
        "{} is damaged from byte {from} to {to}: what changed then is as it was before, or missing",
        path.display()
    )]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where the damage begins.
        from: u64,
        /// Where it ends.
        to: u64,
    },
    /// Part of the journal is not there.
    #[error(
        "the journal has no frames {from} to {to}: what changed then is as it was before, or missing"
    )]
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Part of it is another registry's.
    #[error("{} has frames of registry {registry}, which are passed over", path.display())]
    Foreign {
        /// The segment.
        path: PathBuf,
        /// Whose they are.
        registry: String,
    },
    /// A tag cannot come back.
    #[error(
        "tag {repository}:{tag} is lost: it pointed to {digest}, which the journal does not have"
    )]
    Tag {
        /// Where.
        repository: RepositoryName,
        /// The tag.
        tag: Tag,
        /// Where it pointed.
        digest: Digest,
    },
    /// A blob cannot come back.
    #[error("blob {digest} of {repository} is lost: push it again")]
    Blob {
        /// Where.
        repository: RepositoryName,
        /// The blob.
        digest: Digest,
    },
    /// A file is not there, or not with its length.
    #[error(
        "the file of {digest} is not whole ({key}): it counts as absent until it is pushed again"
    )]
    File {
        /// Its key.
        key: ObjectKey,
        /// What it held.
        digest: Digest,
    },
}

/// Why no database was made. What was there is there.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is a database.
    #[error(
        "{} is a sound database: nothing is rebuilt. Move it away if you are sure that it is to be made \
         again", .0.display()
    )]
    Sound(PathBuf),
    /// There is no content.
    #[error("{} holds no content of a registry: there is nothing to rebuild from", .0.display())]
    NoContent(PathBuf),
    /// There is no journal.
    #[error(
        "{} holds no journal of registry {registry}: restore the database from a backup", path.display()
    )]
    NoJournal {
        /// Where it would be.
        path: PathBuf,
        /// Whose.
        registry: String,
    },
    /// The journal has no walk that came to its end.
    #[error(
        "the journal in {} was never complete: restore the database from a backup", .0.display()
    )]
    NeverComplete(PathBuf),
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
    /// The database cannot be made.
    #[error("{0}")]
    Database(#[from] SqliteOpenError),
    /// The database cannot be written to.
    #[error("{0}")]
    Write(#[from] MetadataError),
    /// The content cannot be read.
    #[error("{0}")]
    Content(#[from] StoreError),
    /// The data directory cannot be used.
    #[error("{0}")]
    Directory(#[from] DirectoryError),
}

impl RebuildError {
    pub(super) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            what,
            path: path.to_owned(),
            source,
        }
    }
}

impl From<SqliteFailure> for RebuildError {
    fn from(failure: SqliteFailure) -> Self {
        Self::Write(failure.into())
    }
}
