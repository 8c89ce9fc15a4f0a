//! What an error of the operating system means to the engine.

use std::{io, path::Path};

use registry_core::backend::{ObjectKey, StoreError, StoreErrorKind};

/// Something could not be done to a file or directory.
///
/// That a file is not there is no such error by itself: only who looks for it knows whether it had to
/// be there.
pub(super) fn failed(what: &str, path: &Path, error: &io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreErrorKind::Full,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind, format!("cannot {what} {}: {error}", path.display()))
}

/// There is no such object or write.
pub(super) fn absent(key: &ObjectKey) -> StoreError {
    let message = format!("nothing is kept under {key}");
    StoreError::new(StoreErrorKind::Absent, message)
}

/// The checkpoint cannot be gone on from.
pub(super) fn bad_checkpoint(key: &ObjectKey, why: &str) -> StoreError {
    let message = format!("the checkpoint of {key} {why}");
    StoreError::new(StoreErrorKind::BadCheckpoint, message)
}

/// It was not done, for a reason that is no error of the operating system.
pub(super) fn unavailable(message: impl Into<String>) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, message)
}
