//! Sending a client to the store for a blob that it may read.

use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, LOCATION},
};
use registry_core::{Blob, Secret};

use super::{Call, empty};
use crate::{
    ClientAddress,
    respond::{Body, CONTENT_DIGEST, is_conditional, text_value},
};

/// The answer that sends the client there, if it is to go. Where no link can be made the blob is sent from here.
pub(super) async fn to_store(call: &Call<'_>, blob: &Blob) -> Option<Response<Body>> {
    let redirects = call.shared.redirects.as_ref()?;
    let client = call.head.extensions.get::<ClientAddress>();
    let headers = &call.head.headers;
    if is_conditional(headers) || !redirects.apply(blob.size(), client, headers) {
        return None;
    }
    let link = match blob.link(redirects.life).await {
        Ok(link) => link?,
        Err(error) => {
            let digest = blob.digest().as_str();
            tracing::warn!(digest, %error, "no link can be made: the blob is sent from here");
            return None;
        }
    };
    temporary(blob, &link)
}

fn temporary(blob: &Blob, link: &Secret) -> Option<Response<Body>> {
    const NEVER_KEPT: HeaderValue = HeaderValue::from_static("no-store");
    let mut location = HeaderValue::try_from(link.expose()).ok()?;
    // Whoever reads it can read the blob: no log of headers shows it.
    location.set_sensitive(true);
    let mut response = empty(StatusCode::TEMPORARY_REDIRECT);
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, NEVER_KEPT);
    let digest = text_value(blob.digest().as_str().to_owned());
    headers.insert(CONTENT_DIGEST, digest);
    Some(response)
}
