//! What a request asks of the storage, each a span.
//!
//! Appends are left out: there are thousands of them in a large push, and they take the time that the client
//! takes to send.

use registry_storage::wrap::{Around, BackendError, Operation};
use tracing::{Instrument, field::Empty};

/// A span around each call of a backend.
pub(super) struct Traced;

impl Around for Traced {
    async fn around<T: Send, E: BackendError>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        if operation == Operation::Append {
            return call.await;
        }
        let span = tracing::trace_span!(
            "storage",
            otel.name = operation.name(),
            otel.status_code = Empty
        );
        let answer = call.instrument(span.clone()).await;
        if answer.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        answer
    }
}
