//! The protocol's service, with a log and faults around it.

use std::{
    convert::Infallible,
    error::Error,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use hyper::body::Incoming;
use registry_core::{Digest, RepositoryName};
use tokio::time::sleep;
use tower_service::Service;

use super::{
    fault::{Dropped, FaultyBody, Kind, Plan, repository},
    log::{Log, Request as Logged},
};
use crate::{
    RegistryService,
    respond::{Body, CONTENT_DIGEST},
    route::Route,
};

/// What a test talks to while the service runs.
pub(super) struct Shared {
    pub(super) faults: Plan,
    pub(super) log: Log,
}

#[derive(Clone)]
pub(super) struct TestService {
    inner: RegistryService,
    shared: Arc<Shared>,
}

/// A request as it is logged, before its answer.
struct Seen {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    repository: Option<RepositoryName>,
    faulted: bool,
}

impl TestService {
    pub(super) fn new(inner: RegistryService, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<FaultyBody>, Dropped> {
        let route = Route::parse(request.uri().path()).ok();
        let kind = self.shared.faults.meet(request.method(), route.as_ref());
        let seen = Seen {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            repository: route.as_ref().and_then(repository).cloned(),
            faulted: kind.is_some(),
        };
        let answer = self.with_fault(request, kind).await;
        let status = answer.as_ref().map_or(NO_RESPONSE, Response::status);
        self.shared.log.add(seen.answered(status));
        answer
    }

    async fn with_fault(
        &self,
        request: Request<Incoming>,
        kind: Option<Kind>,
    ) -> Result<Response<FaultyBody>, Dropped> {
        match kind {
            None => Ok(plain(self.pass(request).await)),
            Some(Kind::DropBefore) => Err(Dropped),
            Some(Kind::Answer {
                status,
                headers,
                body,
            }) => {
                let mut answer = Response::new(FaultyBody::new(Body::full(body), None));
                *answer.status_mut() = status;
                answer.headers_mut().extend(headers);
                Ok(answer)
            }
            Some(Kind::Latency(duration)) => {
                sleep(duration).await;
                Ok(plain(self.pass(request).await))
            }
            Some(Kind::WrongDigest) => {
                let other = Digest::sha256(b"not what was asked for").to_string();
                Ok(self
                    .pass_with(request, CONTENT_DIGEST, HeaderValue::try_from(other))
                    .await)
            }
            Some(Kind::ContentType(value)) => Ok(self
                .pass_with(request, CONTENT_TYPE, Ok::<_, Infallible>(value))
                .await),
            Some(Kind::Body(shape)) => {
                let shaped = self.pass(request).await;
                let mut shaped = shaped.map(|body| FaultyBody::new(body, Some(shape)));
                let length = HeaderValue::from(shaped.body().length());
                shaped.headers_mut().insert(CONTENT_LENGTH, length);
                Ok(shaped)
            }
        }
    }

    /// The registry's answer with another header.
    async fn pass_with<E>(
        &self,
        request: Request<Incoming>,
        name: http::HeaderName,
        value: Result<HeaderValue, E>,
    ) -> Response<FaultyBody> {
        let mut answer = plain(self.pass(request).await);
        if let Ok(value) = value {
            answer.headers_mut().insert(name, value);
        }
        answer
    }

    async fn pass(&self, request: Request<Incoming>) -> Response<Body> {
        match self.inner.respond(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }
}

impl Seen {
    fn answered(self, status: StatusCode) -> Logged {
        let Self {
            method,
            uri,
            headers,
            repository,
            faulted,
        } = self;
        Logged {
            method,
            uri,
            headers,
            repository,
            status,
            faulted,
        }
    }
}

impl Service<Request<Incoming>> for TestService {
    type Response = Response<FaultyBody>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await?) })
    }
}

/// What is logged where there was no answer. No status of HTTP's own says so; servers log this one.
const NO_RESPONSE: StatusCode = match StatusCode::from_u16(444) {
    Ok(status) => status,
    Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
};

fn plain(answer: Response<Body>) -> Response<FaultyBody> {
    answer.map(|body| FaultyBody::new(body, None))
}
