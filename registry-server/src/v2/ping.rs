//! `/v2/`: whether this is a registry, and how to sign in.

use bytes::Bytes;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use registry_core::Error;

use super::{Answer, Call};
use crate::respond::Body;

/// Clients learn from this answer how to sign in, so where that is possible nobody gets past it
/// anonymously, even if there is public content.
pub(super) fn answer(call: &Call<'_>) -> Answer {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    if call.caller.is_anonymous() && call.shared.door.is_guarded() {
        return Err(Error::Unauthorized.into());
    }
    let mut response = Response::new(Body::full(Bytes::from_static(b"{}")));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    Ok(response)
}
