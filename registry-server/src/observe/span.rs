//! A span for each request, with the names that OpenTelemetry gives its parts.
//!
//! It is a span of `tracing`, so that it costs nothing where nobody wants spans, and an embedder's own
//! subscriber takes it as it is. Like what counts a request it lasts until the answer was sent. An upload's
//! session is not part of it: whoever reads traces must not be able to go on with one.

use std::borrow::Cow;

use http::{
    HeaderMap, HeaderName, Method, Version,
    header::{HOST, USER_AGENT},
    request::Parts,
    uri::Authority,
};
use tracing::{Span, field::Empty};

use super::{
    RouteClass,
    classes::{METHODS, method_index},
};
use crate::ClientAddress;

/// Where a caller says of which trace a request is part.
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// The span of a request that has just come.
pub(crate) fn begin(head: &Parts, request_id: &str) -> Span {
    tracing::debug_span!(
        "request",
        otel.kind = "server",
        otel.name = method(&head.method),
        otel.status_code = Empty,
        traceparent = text(&head.headers, &TRACE_PARENT),
        request.id = request_id,
        http.request.method = method(&head.method),
        url.path = &*path(head),
        server.address = server(head),
        client.address = client(head),
        user_agent.original = text(&head.headers, &USER_AGENT),
        network.protocol.version = version(head.version),
        user.name = Empty,
        http.route = Empty,
        http.request.body.size = Empty,
        http.response.body.size = Empty,
        http.response.status_code = Empty,
        error.type = Empty,
    )
}

/// It is known what is asked for.
pub(super) fn route(span: &Span, method_index: usize, route: RouteClass) {
    if span.is_disabled() {
        return;
    }
    let (method, route) = (METHODS[method_index], route.template());
    span.record("otel.name", format!("{method} {route}"));
    span.record("http.route", route);
}

/// There is an answer of so many bytes.
pub(super) fn answered(span: &Span, status: http::StatusCode, received: u64, promised: u64) {
    if span.is_disabled() {
        return;
    }
    span.record("http.request.body.size", received);
    span.record("http.response.body.size", promised);
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", status.as_str());
    }
}

fn method(method: &Method) -> &'static str {
    match METHODS[method_index(method)] {
        "other" => "_OTHER",
        known => known,
    }
}

/// The path without an upload's session.
fn path(head: &Parts) -> Cow<'_, str> {
    const UPLOADS: &str = "/blobs/uploads/";
    let path = head.uri.path();
    match path
        .rfind(UPLOADS)
        .map(|at| path.split_at(at + UPLOADS.len()))
    {
        Some((before, session)) if !session.is_empty() => Cow::Owned(format!("{before}…")),
        _ => Cow::Borrowed(path),
    }
}

/// The host that the client wanted to reach.
fn server(head: &Parts) -> Option<&str> {
    head.uri.host().or_else(|| {
        let host = text(&head.headers, &HOST)?;
        // An address of IPv6 has colons of its own.
        let known = host.parse::<Authority>().is_ok();
        let host = host.rsplit_once(':').map_or(host, |(name, port)| {
            let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
            if is_port { name } else { host }
        });
        known.then_some(host)
    })
}

fn client(head: &Parts) -> Option<String> {
    let client = head.extensions.get::<ClientAddress>();
    client.map(ToString::to_string)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(request: http::request::Builder) -> Parts {
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn hazard_31_a_session_is_not_part_of_it() {
        for (asked, shown) in [
            ("/v2/", "/v2/"),
            ("/v2/a/b/blobs/uploads/", "/v2/a/b/blobs/uploads/"),
            ("/v2/a/b/blobs/uploads/secret", "/v2/a/b/blobs/uploads/…"),
            (
                "/v2/blobs/uploads/blobs/uploads/secret?digest=x",
                "/v2/blobs/uploads/blobs/uploads/…",
            ),
        ] {
            assert_eq!(path(&head(Request::get(asked))), shown);
        }
    }

    #[test]
    fn the_server_is_that_of_the_host_without_its_port() {
        for (host, name) in [
            ("example.com:5000", Some("example.com")),
            ("example.com", Some("example.com")),
            ("[::1]:5000", Some("[::1]")),
            ("[::1]", Some("[::1]")),
            ("a b", None),
        ] {
            let request = Request::get("/v2/").header(HOST, host);
            assert_eq!(server(&head(request)), name);
        }
        let absolute = Request::get("https://example.com:5000/v2/");
        assert_eq!(server(&head(absolute)), Some("example.com"));
    }

    #[test]
    fn a_method_that_nobody_knows_is_not_repeated() {
        assert_eq!(method(&Method::PATCH), "PATCH");
        assert_eq!(method(&Method::from_bytes(b"EVIL").unwrap()), "_OTHER");
    }
}
