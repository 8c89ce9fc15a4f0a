//! A backend that refuses every write.

use std::future::Future;

use super::{
    around::{Around, BackendError, Failure},
    blobs::WrappedBlobs,
    metadata::WrappedMetadata,
    operation::Operation,
};

/// Metadata that refuses every write.
pub type ReadOnlyMetadata = WrappedMetadata<ReadOnly>;

/// A store that refuses every write.
pub type ReadOnlyBlobs = WrappedBlobs<ReadOnly>;

/// Refuses what may change what is kept, and lets the rest pass.
///
/// Renewing a lease is a write: what the collector has condemned can then not be said to exist.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOnly;

impl Around for ReadOnly {
    async fn around<T: Send, E: BackendError>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        if operation.is_write() {
            let message = format!("{operation} was refused: the registry is read-only");
            return Err(E::of(Failure::Unavailable, message));
        }
        call.await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use registry_core::{
        Namespace, SystemClock,
        backend::{BlobStore, Collection, MetadataErrorKind, Repositories, StoreErrorKind},
    };

    use super::*;
    use crate::memory::{MemoryBlobs, MemoryMetadata};

    #[test]
    fn reads_pass_and_writes_are_refused() {
        let metadata = Arc::new(MemoryMetadata::new(Arc::new(SystemClock)));
        let metadata = ReadOnlyMetadata::new(metadata, Arc::new(ReadOnly));
        let library = Namespace::library();
        assert!(
            metadata
                .namespace_facts(&library)
                .now_or_never()
                .unwrap()
                .is_ok()
        );
        let error = metadata.seal().now_or_never().unwrap().unwrap_err();
        assert_eq!(error.kind, MetadataErrorKind::Unavailable);

        let blobs = ReadOnlyBlobs::new(Arc::new(MemoryBlobs::new()), Arc::new(ReadOnly));
        let error = blobs.begin().now_or_never().unwrap().err().unwrap();
        assert_eq!(error.kind, StoreErrorKind::Unavailable);
    }
}
