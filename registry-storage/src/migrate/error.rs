//! Why a registry was not moved.

use registry_core::{
    Digest,
    backend::{MetadataError, StoreError},
};

/// Why a step was not done. What was carried before stays, and the step may be done again.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The old side cannot be read.
    #[error("what is moved cannot be read: {0}")]
    From(String),
    /// The new side cannot be read or written.
    #[error("where it is moved to cannot be used: {0}")]
    To(String),
    /// Bytes of the old side are not those of their digest.
    #[error(
        "the bytes of {digest} are wrong where it is moved from ({what}): run registry scrub there, which takes \
         such content out of sight, or push it again, and go on"
    )]
    Wrong {
        /// Whose they were to be.
        digest: Digest,
        /// What is wrong with them.
        what: String,
    },
    /// An object did not arrive as it was sent.
    #[error("{digest} did not arrive as it was sent: {what}")]
    NotArrived {
        /// Which.
        digest: Digest,
        /// What is there instead.
        what: String,
    },
}

impl MigrateError {
    pub(super) fn from(error: MetadataError) -> Self {
        Self::From(error.message)
    }

    pub(super) fn to(error: MetadataError) -> Self {
        Self::To(error.message)
    }

    pub(super) fn reading(error: StoreError) -> Self {
        Self::From(error.message)
    }

    pub(super) fn writing(error: StoreError) -> Self {
        Self::To(error.message)
    }
}
