//! Work that blocks, on threads that may.

use registry_core::backend::StoreError;
use tokio::task::{JoinHandle, spawn_blocking};

use super::error::unavailable;

/// Does the work on a thread that may block. It runs to its end, whoever waits for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    done(&mut spawn_blocking(work)).await?
}

/// What the work answered.
pub(super) async fn done<T>(work: &mut JoinHandle<T>) -> Result<T, StoreError> {
    let lost = |error| unavailable(format!("work on the disk was not done: {error}"));
    work.await.map_err(lost)
}
