//! Backends that are not ready at once, neither to begin nor to answer.

use std::{
    future::{Future, poll_fn},
    sync::Arc,
    task::Poll,
};

use registry_core::backend::{BlobStore, Metadata};
use registry_storage::wrap::{Around, BackendError, Operation, WrappedBlobs, WrappedMetadata};

/// A backend in memory is done at its first poll. With this around it every call has polls at which
/// it can be dropped or overtaken: two before it happens and two after.
struct Waiting;

impl Around for Waiting {
    async fn around<T: Send, E: BackendError>(
        &self,
        _: Operation,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        wait(2).await;
        let answer = call.await;
        wait(2).await;
        answer
    }
}

pub(crate) fn blobs(inner: Arc<dyn BlobStore>) -> Arc<dyn BlobStore> {
    Arc::new(WrappedBlobs::new(inner, Arc::new(Waiting)))
}

pub(crate) fn metadata(inner: Arc<dyn Metadata>) -> Arc<dyn Metadata> {
    Arc::new(WrappedMetadata::new(inner, Arc::new(Waiting)))
}

pub(crate) async fn wait(mut times: u32) {
    poll_fn(|context| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
