//! What a transfer tells of each image.

use std::fmt;

/// What became of an image, or of a repository that could not be listed. It prints as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Something of it was moved, and now it is there.
    Copied(String),
    /// All of it was there already.
    Present(String),
    /// It is not there, or not all of it.
    Failed {
        /// Its repository and its tag or digest.
        image: String,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copied(image) => write!(f, "{image}: copied"),
            Self::Present(image) => write!(f, "{image}: already there"),
            Self::Failed { image, reason } => write!(f, "{image}: failed: {reason}"),
        }
    }
}
