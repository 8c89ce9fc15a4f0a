//! Whole requests.

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use registry_core::{Digest, RepositoryName};
use registry_server::{RegistryService, fuzzing};
use serde_json::Value;

/// The codes of the specification, and those that stand with 5xx.
const CODES: [&str; 16] = [
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DENIED",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "TOOMANYREQUESTS",
    "UNAUTHORIZED",
    "UNAVAILABLE",
    "UNKNOWN",
    "UNSUPPORTED",
];

/// Follows the bytes as a path.
///
/// # Panics
/// When it leads to what is no repository's name.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match fuzzing::route(text) {
        Ok((Some(name), allow)) => {
            assert!(RepositoryName::parse(&name).is_ok() && !allow.is_empty());
            assert!(text.starts_with("/v2/") || text.contains('%'));
        }
        Ok((None, allow)) => assert_eq!(allow, "GET, HEAD"),
        Err(message) => super::is_presentable(&message),
    }
}

/// Sends the bytes as a request (method and target on a line, headers on lines, an empty line, a
/// body) to a registry that has a little content.
///
/// # Panics
/// When the answer is not one that the protocol has.
pub fn router(data: &[u8]) {
    let Some(request) = request(data) else {
        return;
    };
    let is_head = request.method() == "HEAD";
    let service = RegistryService::builder(registry_storage::memory::registry()).build();
    let content = Digest::sha256(b"{}");
    let push = format!("/v2/a/blobs/uploads/?digest={content}");
    let pushed = answer(
        &service,
        Request::post(push).body("{}".into()).expect("a request"),
    );
    assert_eq!(pushed.status(), StatusCode::CREATED);
    holds(&answer(&service, request), is_head);
}

fn request(data: &[u8]) -> Option<Request<Full<Bytes>>> {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = data.split_at(end.unwrap_or(data.len()));
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let (method, target) = first.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    let body = Bytes::copy_from_slice(body.get(2..).unwrap_or_default());
    request.body(Full::new(body)).ok()
}

fn answer(service: &RegistryService, request: Request<Full<Bytes>>) -> Response<Bytes> {
    let answered = service.respond(request).now_or_never();
    let Ok(response) = answered.expect("memory never waits");
    let (head, body) = response.into_parts();
    let whole = body.collect().now_or_never().expect("memory never waits");
    let body = whole.expect("as long as it was said to be").to_bytes();
    Response::from_parts(head, body)
}

fn holds(response: &Response<Bytes>, is_head: bool) {
    let status = response.status();
    assert!(!status.is_server_error(), "{response:?}");
    for name in [
        "docker-distribution-api-version",
        "x-content-type-options",
        "x-request-id",
    ] {
        assert!(response.headers().contains_key(name), "{response:?}");
    }
    let header = |name| response.headers().get(name).map(HeaderValue::as_bytes);
    assert!(header("location").is_none_or(|it| it.starts_with(b"/v2/")));
    assert_eq!(
        header("allow").is_some(),
        status == StatusCode::METHOD_NOT_ALLOWED
    );
    assert!(!is_head || response.body().is_empty());
    if status.is_client_error() && !is_head {
        assert_eq!(header("content-type"), Some(&b"application/json"[..]));
        let json: Value = serde_json::from_slice(response.body()).expect("JSON");
        let errors = json["errors"].as_array().expect("a list of errors");
        assert!(!errors.is_empty());
        for error in errors {
            assert!(CODES.iter().any(|code| error["code"] == *code), "{json}");
            super::is_presentable(&error["message"].as_str().expect("a message"));
        }
    }
}
