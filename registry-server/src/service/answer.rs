//! From a request to its answer.

use std::{convert::Infallible, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use http::{
    HeaderName, HeaderValue, Method, Response, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, EXPECT, X_CONTENT_TYPE_OPTIONS},
    request::Parts,
};
use registry_core::Error;
use tokio::time::Instant;
use tracing::{Instrument, Level};

use super::{RequestId, Shared, door::Challenge};
use crate::{
    ClientAddress,
    incoming::Incoming,
    limits::Limits,
    observe::Exchange,
    respond::{Body, Failure, number_value, respond_failure},
    route::Route,
    v2::{self, Call},
};

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request, whatever happens.
pub(super) async fn answer(
    shared: Arc<Shared>,
    head: Parts,
    body: Incoming,
) -> Result<Response<Body>, Infallible> {
    let id = shared.ids.next();
    if let Some(mut response) = operations(&shared, &head).await {
        finish(&mut response, &head, body.is_unread());
        response.headers_mut().insert(REQUEST_ID, id.into_value());
        return Ok(response);
    }
    let mut exchange = Exchange::begin(&shared.watchers, &head, id.as_str(), body);
    let span = exchange.span().clone();
    let work = async {
        let started = tracing::enabled!(Level::DEBUG).then(Instant::now);
        let mut response = guarded(&shared, &head, &mut exchange, &id).await;
        finish(&mut response, &head, exchange.body.is_unread());
        if let Some(started) = started {
            let micros = started.elapsed().as_micros();
            let bytes = response.body().remaining();
            tracing::debug!(
                status = response.status().as_u16(),
                bytes,
                micros,
                "answered"
            );
        }
        response
    };
    let mut response = work.instrument(span).await;
    exchange.answered(&mut response);
    response.headers_mut().insert(REQUEST_ID, id.into_value());
    Ok(response)
}

/// The answer to an operator's question, if it is one.
async fn operations(shared: &Shared, head: &Parts) -> Option<Response<Body>> {
    let (operations, metrics) = shared.operations.as_ref()?;
    operations.answer(head, *metrics).await
}

/// Turns whatever goes wrong into an answer, also a panic.
async fn guarded(
    shared: &Shared,
    head: &Parts,
    exchange: &mut Exchange,
    id: &RequestId,
) -> Response<Body> {
    let work = async {
        let outcome = handle(shared, head, exchange, id).await;
        let body = &mut exchange.body;
        // Whoever waits to be asked for a body is not asked for one that nobody wants.
        if body.is_unread() && !head.headers.contains_key(EXPECT) {
            body.discard();
        }
        outcome
    };
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    let outcome = outcome.unwrap_or(Err(Failure::Panic));
    outcome.unwrap_or_else(|failure| refuse(shared, head, id, failure))
}

async fn handle(
    shared: &Shared,
    head: &Parts,
    exchange: &mut Exchange,
    id: &RequestId,
) -> Result<Response<Body>, Failure> {
    exchange.occupy(shared.throttle.places.take()?);
    let client = head.extensions.get::<ClientAddress>();
    shared.throttle.admit_address(client)?;
    check(head, &shared.limits)?;
    let route = Route::parse(head.uri.path())?;
    exchange.route(&route);
    let caller = shared.door.caller(&head.headers).await?;
    exchange.caller(&caller);
    shared.throttle.admit_caller(&caller, client)?;
    let call = Call {
        shared,
        caller: &caller,
        head,
        id,
    };
    v2::dispatch(&call, &route, &mut exchange.body).await
}

fn check(head: &Parts, limits: &Limits) -> Result<(), Failure> {
    if head.uri.path().len() > limits.path_bytes {
        let limit = limits.path_bytes;
        return Err(Failure::PathTooLong { limit });
    }
    if head.uri.query().map_or(0, str::len) > limits.query_bytes {
        let limit = limits.query_bytes;
        return Err(Failure::QueryTooLong { limit });
    }
    if head.headers.len() > limits.headers {
        let limit = limits.headers;
        return Err(Failure::TooManyHeaders { limit });
    }
    let size = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
    if head.headers.iter().map(size).sum::<usize>() > limits.header_bytes {
        let limit = limits.header_bytes;
        return Err(Failure::HeadersTooLarge { limit });
    }
    Ok(())
}

/// The answer to a request that failed.
fn refuse(shared: &Shared, head: &Parts, id: &RequestId, failure: Failure) -> Response<Body> {
    let failure = match failure {
        Failure::Engine(Error::Unauthorized) if !shared.door.is_guarded() => Failure::Closed,
        failure => failure,
    };
    let mut response = respond_failure(&failure);
    if response.status() == StatusCode::UNAUTHORIZED {
        let error = match failure {
            Failure::Engine(Error::InsufficientScope(_)) => Some("insufficient_scope"),
            Failure::Credentials => Some("invalid_token"),
            _ => None,
        };
        let scope = v2::scope(head);
        let scope = scope.as_deref();
        shared
            .door
            .challenge(&mut response, Challenge { scope, error });
    }
    if response.status().is_server_error() {
        let cause = failure.hidden().unwrap_or_default();
        // Said here as well, for the request's span is there only where requests are logged.
        tracing::error!(id = id.as_str(), error = %failure, cause, "the request failed");
    }
    response
}

/// What every answer has. One that came before the end of its request ends the connection.
fn finish(response: &mut Response<Body>, head: &Parts, unread: bool) {
    const VERSION: HeaderValue = HeaderValue::from_static("registry/2.0");
    const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
    const CLOSE: HeaderValue = HeaderValue::from_static("close");
    let length = response.body().remaining();
    let headers = response.headers_mut();
    headers.insert(API_VERSION, VERSION);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    if unread && head.version < Version::HTTP_2 {
        headers.insert(CONNECTION, CLOSE);
    }
    if head.method == Method::HEAD && length > 0 {
        headers.insert(CONTENT_LENGTH, number_value(length));
        *response.body_mut() = Body::empty();
    }
}
