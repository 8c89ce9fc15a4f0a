//! Backends that fail by plan.
//!
//! A failure is injected where a backend's own would appear, with the error that the trait's
//! guarantees give it; so what is tested is the caller, not a mock of its backend.

mod blobs;
mod chance;
mod plan;
mod rule;
mod stream;

use std::{
    future::{Future, poll_fn},
    task::Poll,
};

pub use self::{
    blobs::FaultyBlobs,
    plan::Faults,
    rule::{Fault, Wait, When},
};
use super::{
    around::{Around, BackendError, Failure},
    metadata::WrappedMetadata,
    operation::Operation,
};

/// Metadata that fails by plan.
pub type FaultyMetadata = WrappedMetadata<Faults>;

impl Around for Faults {
    async fn around<T: Send, E: BackendError>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        befall(self.draw(operation).as_ref(), operation, call).await
    }
}

/// Makes a call with what befalls it. Faults of the bytes themselves are left to [`FaultyBlobs`].
async fn befall<T: Send, E: BackendError>(
    fault: Option<&Fault>,
    operation: Operation,
    call: impl Future<Output = Result<T, E>> + Send,
) -> Result<T, E> {
    match fault {
        Some(Fault::Unavailable) => return Err(failed(Failure::Unavailable, operation)),
        Some(Fault::Full) => return Err(failed(Failure::Full, operation)),
        Some(Fault::LostRequest) => return Err(failed(Failure::Unknown, operation)),
        Some(Fault::LostAnswer) => {
            call.await?;
            return Err(failed(Failure::Unknown, operation));
        }
        Some(Fault::LateAnswer(times)) => {
            let answer = call.await;
            pending(*times).await;
            return answer;
        }
        Some(Fault::Pending(times)) => pending(*times).await,
        Some(Fault::Wait(wait)) => wait.begin().await,
        Some(Fault::ShortRead(_) | Fault::CutRead(_) | Fault::WrongBytes | Fault::TornWrite(_))
        | None => {}
    }
    call.await
}

fn failed<E: BackendError>(failure: Failure, operation: Operation) -> E {
    E::of(failure, format!("{operation} was made to fail"))
}

/// Is not ready that many times.
async fn pending(mut times: u32) {
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

#[cfg(test)]
mod tests {
    use std::{future::Future, sync::Arc};

    use bytes::Bytes;
    use futures_util::{FutureExt, TryStreamExt};
    use registry_core::{
        Digest, Namespace, SystemClock,
        backend::{
            BlobStore, CreateNamespace, CreateOutcome, MetadataErrorKind, NamespaceSettings,
            ObjectRead, Origin, Repositories, StoreErrorKind,
        },
    };

    use super::*;
    use crate::memory::{MemoryBlobs, MemoryMetadata};

    fn ready<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().expect("memory never waits")
    }

    fn metadata() -> (FaultyMetadata, Arc<Faults>) {
        let faults = Arc::new(Faults::default());
        let metadata = Arc::new(MemoryMetadata::new(Arc::new(SystemClock)));
        (FaultyMetadata::new(metadata, faults.clone()), faults)
    }

    fn command(name: &Namespace) -> CreateNamespace<'_> {
        let (actor, record) = (None, false);
        CreateNamespace {
            name,
            settings: NamespaceSettings::default(),
            origin: Origin { actor, record },
        }
    }

    fn create(metadata: &FaultyMetadata) -> Result<CreateOutcome, MetadataErrorKind> {
        let library = Namespace::library();
        let call = metadata.create_namespace(command(&library));
        ready(call).map_err(|error| error.kind)
    }

    fn blobs() -> (FaultyBlobs, Arc<Faults>) {
        let faults = Arc::new(Faults::default());
        let blobs = FaultyBlobs::new(Arc::new(MemoryBlobs::new()), faults.clone());
        (blobs, faults)
    }

    fn text(read: ObjectRead) -> Bytes {
        let pieces: Vec<_> = ready(read.bytes.try_collect()).unwrap();
        pieces.concat().into()
    }

    #[test]
    fn what_fails_before_has_not_happened() {
        for (fault, kind) in [
            (Fault::Unavailable, MetadataErrorKind::Unavailable),
            (Fault::Full, MetadataErrorKind::Full),
            (Fault::LostRequest, MetadataErrorKind::Unknown),
        ] {
            let (metadata, faults) = metadata();
            faults.add(None, When::Nth(1), fault);
            assert_eq!(create(&metadata), Err(kind));
            assert_eq!(create(&metadata), Ok(CreateOutcome::Created));
        }
    }

    #[test]
    fn what_loses_its_answer_has_happened() {
        let (metadata, faults) = metadata();
        faults.add(Operation::CreateNamespace, When::Nth(1), Fault::LostAnswer);
        assert_eq!(create(&metadata), Err(MetadataErrorKind::Unknown));
        assert_eq!(create(&metadata), Ok(CreateOutcome::Exists));
    }

    #[test]
    fn every_nth_call_is_struck_until_the_plan_is_cleared() {
        let (metadata, faults) = metadata();
        faults.add(None, When::Every(2), Fault::Unavailable);
        let failed: Vec<_> = (0..4).map(|_| create(&metadata).is_err()).collect();
        assert_eq!(failed, [false, true, false, true]);
        faults.clear();
        assert!((0..4).all(|_| create(&metadata).is_ok()));
        assert_eq!(faults.injected().len(), 2);
    }

    #[test]
    fn a_pending_call_is_ready_after_so_many_polls() {
        let (metadata, faults) = metadata();
        faults.add(Operation::NamespaceFacts, When::Nth(1), Fault::Pending(2));
        let library = Namespace::library();
        let mut call = metadata.namespace_facts(&library);
        assert!((&mut call).now_or_never().is_none());
        assert!((&mut call).now_or_never().is_none());
        assert!(call.now_or_never().is_some());
    }

    #[test]
    fn a_late_answer_is_of_what_has_happened() {
        let (metadata, faults) = metadata();
        faults.add(
            Operation::CreateNamespace,
            When::Nth(1),
            Fault::LateAnswer(1),
        );
        let library = Namespace::library();
        let dropped = metadata.create_namespace(command(&library)).now_or_never();
        assert!(dropped.is_none());
        assert_eq!(create(&metadata), Ok(CreateOutcome::Exists));
    }

    #[test]
    fn a_torn_write_keeps_what_came_before() {
        let (blobs, faults) = blobs();
        faults.add(Operation::Append, When::Nth(2), Fault::TornWrite(1));
        let mut write = ready(blobs.begin()).unwrap();
        ready(write.append(Bytes::from("ab"))).unwrap();
        let from = ready(write.checkpoint()).unwrap();
        let error = ready(write.append(Bytes::from("cd"))).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unknown);
        assert_eq!(ready(write.checkpoint()).unwrap().offset, 3);

        let write = ready(blobs.resume(&from)).unwrap();
        let key = ready(write.commit(&Digest::sha256(b"ab"))).unwrap();
        assert_eq!(text(ready(blobs.read(&key, None)).unwrap()), "ab");
    }

    #[test]
    fn the_bytes_of_one_read_go_wrong_and_those_of_the_next_do_not() {
        let (blobs, faults) = blobs();
        faults.add(Operation::Read, When::Nth(1), Fault::WrongBytes);
        let mut write = ready(blobs.begin()).unwrap();
        ready(write.append(Bytes::from("ab"))).unwrap();
        let key = ready(write.commit(&Digest::sha256(b"ab"))).unwrap();
        assert_eq!(text(ready(blobs.read(&key, None)).unwrap()), "`b");
        assert_eq!(text(ready(blobs.read(&key, None)).unwrap()), "ab");
    }
}
