//! Why something was not moved.

use std::{io, path::PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not moved. No text of it holds a password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The local registry did not do it.
    #[error(transparent)]
    Local(#[from] registry_core::Error),
    /// The other registry did not do it.
    #[error(transparent)]
    Remote(#[from] registry_client::Error),
    /// A file or directory could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A part of an image was not moved.
    #[error("{part}: {error}")]
    Part {
        /// Which part, e.g. `blob sha256:...`.
        part: String,
        /// Why.
        error: Box<Error>,
    },
    /// What is there is not what it should be.
    #[error("{0}")]
    Content(String),
}

impl Error {
    pub(crate) fn content(sentence: impl Into<String>) -> Self {
        Self::Content(sentence.into())
    }

    pub(crate) fn of_part(self, part: String) -> Self {
        let error = Box::new(self);
        Self::Part { part, error }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
