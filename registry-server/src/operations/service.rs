//! Operators' questions on a listener of their own.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS},
};

use super::{MetricsFor, Operations, json};
use crate::respond::{Body, number_value};

/// `/healthz`, `/readyz` and `/metrics` as a service, for a listener that only operators reach: whoever
/// does is answered. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OperationsService(Arc<Operations>);

/// An answer under way.
pub type OperationsFuture =
    Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send + 'static>>;

impl OperationsService {
    /// Answers from there.
    #[must_use]
    pub fn new(operations: Arc<Operations>) -> Self {
        Self(operations)
    }
}

impl<B> tower_service::Service<Request<B>> for OperationsService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = OperationsFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> OperationsFuture {
        let operations = Arc::clone(&self.0);
        let (head, _) = request.into_parts();
        Box::pin(async move {
            let response = operations.answer(&head, MetricsFor::Everybody).await;
            let mut response = response.unwrap_or_else(|| {
                json(StatusCode::NOT_FOUND, "ask /healthz, /readyz or /metrics")
            });
            let length = response.body().remaining();
            let headers = response.headers_mut();
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            if head.method == Method::HEAD {
                headers.insert(CONTENT_LENGTH, number_value(length));
                *response.body_mut() = Body::empty();
            }
            Ok(response)
        })
    }
}
