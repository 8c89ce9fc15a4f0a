//! The protocol as a service.

mod answer;
mod builder;
mod door;
mod request_id;
mod slots;

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use registry_core::Registry;

use crate::{
    incoming::Incoming,
    limit::Throttle,
    limits::Limits,
    observe::Watchers,
    operations::{MetricsFor, Operations},
    redirects::Redirects,
    respond::{Body, Links},
};

pub use builder::RegistryServiceBuilder;
pub(crate) use door::Door;
pub(crate) use request_id::RequestId;
pub(crate) use slots::{Slot, Slots};

/// A registry's protocol, as a [`tower_service::Service`]. Cheap to clone.
///
/// It takes the request bodies of any server and always answers, so it mounts into hyper, axum or
/// tonic as it is. It expects the paths of the specification, from `/v2/` on.
///
/// ```
/// use http::Request;
/// use registry_server::RegistryService;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let registry = registry_storage::memory::registry();
/// let service = RegistryService::builder(registry).build();
///
/// let request = Request::get("/v2/").body(String::new()).unwrap();
/// let Ok(response) = service.respond(request).await;
/// assert_eq!(response.status(), 200);
/// # }
/// ```
#[derive(Clone)]
pub struct RegistryService {
    shared: Arc<Shared>,
}

/// What the requests of one service share.
pub(crate) struct Shared {
    pub(crate) registry: Registry,
    pub(crate) door: Door,
    pub(crate) limits: Limits,
    pub(crate) links: Links,
    pub(crate) chunk_min_length: Option<u64>,
    pub(crate) redirects: Option<Redirects>,
    pub(crate) uploads: Slots,
    throttle: Throttle,
    watchers: Arc<Watchers>,
    operations: Option<(Arc<Operations>, MetricsFor)>,
    ids: request_id::RequestIds,
}

/// An answer under way.
pub type ResponseFuture =
    Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send + 'static>>;

impl RegistryService {
    /// Begins to build the service of a registry.
    pub fn builder(registry: Registry) -> RegistryServiceBuilder {
        RegistryServiceBuilder::new(registry)
    }

    /// The registry it serves.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.shared.registry
    }

    /// Answers a request.
    pub fn respond<B>(&self, request: Request<B>) -> ResponseFuture
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let shared = Arc::clone(&self.shared);
        let (head, body) = request.into_parts();
        let body = Incoming::new(body, shared.limits.pace);
        Box::pin(answer::answer(shared, head, body))
    }
}

impl fmt::Debug for RegistryService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryService").finish_non_exhaustive()
    }
}

impl<B> tower_service::Service<Request<B>> for RegistryService
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        self.respond(request)
    }
}
