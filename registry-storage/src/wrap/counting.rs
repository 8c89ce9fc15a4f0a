//! A backend that counts its calls.

use std::{
    array,
    collections::BTreeMap,
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    around::{Around, BackendError},
    blobs::WrappedBlobs,
    metadata::WrappedMetadata,
    operation::Operation,
};

/// Metadata that counts its calls.
pub type CountingMetadata = WrappedMetadata<Counts>;

/// A store that counts its calls.
pub type CountingBlobs = WrappedBlobs<Counts>;

/// How often what was called.
///
/// ```
/// use std::sync::Arc;
///
/// use registry_core::{RepositoryName, SystemClock, backend::Repositories};
/// use registry_storage::{
///     memory::MemoryMetadata,
///     wrap::{CountingMetadata, Counts, Operation},
/// };
///
/// # futures_util::FutureExt::now_or_never(async {
/// let counts = Arc::new(Counts::default());
/// let metadata = MemoryMetadata::new(Arc::new(SystemClock));
/// let metadata = CountingMetadata::new(Arc::new(metadata), counts.clone());
///
/// metadata.facts(&RepositoryName::parse("team/app").unwrap()).await.unwrap();
/// assert_eq!(counts.of(Operation::Facts), 1);
/// assert_eq!(counts.take().into_iter().collect::<Vec<_>>(), [(Operation::Facts, 1)]);
/// assert_eq!(counts.of(Operation::Facts), 0);
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Counts([AtomicU64; Operation::ALL.len()]);

impl Default for Counts {
    fn default() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Counts {
    /// How often it was called since the last [`take`](Self::take).
    #[must_use]
    pub fn of(&self, operation: Operation) -> u64 {
        self.0[operation as usize].load(Ordering::Relaxed)
    }

    /// Everything that was called, and how often; counting begins again.
    pub fn take(&self) -> BTreeMap<Operation, u64> {
        let taken = Operation::ALL.iter().map(|operation| {
            let count = &self.0[*operation as usize];
            (*operation, count.swap(0, Ordering::Relaxed))
        });
        taken.filter(|(_, count)| *count > 0).collect()
    }
}

impl Around for Counts {
    async fn around<T: Send, E: BackendError>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        self.0[operation as usize].fetch_add(1, Ordering::Relaxed);
        call.await
    }
}
