//! The error body of the specification.

use http::{
    HeaderValue, Response,
    header::{ALLOW, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE, RETRY_AFTER},
};
use registry_core::{Digest, Error};
use serde::Serialize;

use super::{Body, Failure, code::Code, number_value, text_value, upload_range};

/// Seconds after which a client may try again what could not be done now.
const RETRY_SECONDS: u64 = 5;

#[derive(Serialize)]
struct Errors<'a> {
    errors: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Detail<'a>>,
}

#[derive(Serialize)]
struct Detail<'a> {
    digest: &'a Digest,
}

/// The answer to a request that failed.
pub(crate) fn respond(failure: &Failure) -> Response<Body> {
    let (status, code) = failure.kind();
    let mut response = Response::new(Body::full(body(failure, code)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match failure {
        Failure::Method { allow } => {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        Failure::Range { size } => {
            headers.insert(CONTENT_RANGE, text_value(format!("bytes */{size}")));
        }
        Failure::UploadRange { offset, location } => {
            headers.insert(RANGE, upload_range(*offset));
            headers.insert(LOCATION, location.clone());
        }
        Failure::Engine(Error::Required { .. }) => {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        Failure::Engine(Error::Closed(_) | Error::Unavailable(_) | Error::UploadTakenOver)
        | Failure::AccountsUnavailable(_)
        | Failure::TooManyUploads { .. }
        | Failure::Busy => {
            headers.insert(RETRY_AFTER, number_value(RETRY_SECONDS));
        }
        Failure::TooManyRequests { wait } => {
            // In whole seconds, and never too early.
            headers.insert(RETRY_AFTER, number_value(wait.as_secs() + 1));
        }
        _ => {}
    }
    response
}

/// One entry; for a manifest that lacks what it refers to, one for each.
fn body(failure: &Failure, code: Code) -> Vec<u8> {
    let text = failure.text();
    let entry = |detail| Entry {
        code: code.as_str(),
        message: &text,
        detail,
    };
    let errors = match failure {
        Failure::Engine(Error::ManifestBlobUnknown(missing)) => {
            let entries = missing.iter().map(|digest| entry(Some(Detail { digest })));
            entries.collect()
        }
        _ => vec![entry(None)],
    };
    // Text and digests always become JSON.
    serde_json::to_vec(&Errors { errors }).unwrap_or_default()
}
