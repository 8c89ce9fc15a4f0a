//! The one thing that wrappers differ in.

use std::future::Future;

use registry_core::backend::{MetadataError, MetadataErrorKind, StoreError, StoreErrorKind};

use super::operation::Operation;

/// What a wrapper does around each call of a backend.
///
/// The call has not begun when it is handed over: what is dropped without a poll has not happened.
pub trait Around: Send + Sync + 'static {
    /// Makes the call, or answers in its place.
    fn around<T: Send, E: BackendError>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> impl Future<Output = Result<T, E>> + Send;
}

/// Failures that every backend can report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing happened.
    Unavailable,
    /// Nothing happened, for there is no room.
    Full,
    /// It happened or it did not.
    Unknown,
}

/// An error of a backend, as a wrapper makes it.
pub trait BackendError: Send {
    /// The error that reports this failure.
    fn of(failure: Failure, message: String) -> Self;
}

impl BackendError for StoreError {
    fn of(failure: Failure, message: String) -> Self {
        let kind = match failure {
            Failure::Unavailable => StoreErrorKind::Unavailable,
            Failure::Full => StoreErrorKind::Full,
            Failure::Unknown => StoreErrorKind::Unknown,
        };
        Self::new(kind, message)
    }
}

impl BackendError for MetadataError {
    fn of(failure: Failure, message: String) -> Self {
        let kind = match failure {
            Failure::Unavailable => MetadataErrorKind::Unavailable,
            Failure::Full => MetadataErrorKind::Full,
            Failure::Unknown => MetadataErrorKind::Unknown,
        };
        Self::new(kind, message)
    }
}
