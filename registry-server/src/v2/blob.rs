//! `blobs/<digest>`: reading and deleting blobs.

use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE},
};
use registry_core::{Blob, BlobBody, Digest, RepositoryName};

use super::{Answer, Call, empty, precondition, redirect};
use crate::respond::{
    Body, Conditions, Failure, Freshness, Multipart, Ranges, Verdict, allow_range, content_headers,
    number_value, text_value,
};

pub(super) async fn read(call: &Call<'_>, name: &RepositoryName, digest: &Digest) -> Answer {
    const BYTES: HeaderValue = HeaderValue::from_static("bytes");
    const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
    let pull = call.pull(name).await?;
    let blob = match call.is_head() {
        true => pull.stat_blob(digest).await?,
        false => pull.blob(digest).await?,
    };
    let mut response = match Conditions::of(&call.head.headers).judge_read(digest) {
        Verdict::Proceed if call.is_head() => sized(blob.size()),
        Verdict::Proceed => match redirect::to_store(call, &blob).await {
            Some(redirect) => return Ok(redirect),
            None => send(call, blob, digest).await?,
        },
        Verdict::NotModified => empty(StatusCode::NOT_MODIFIED),
        Verdict::Failed => return Err(Failure::condition(digest)),
    };
    let headers = response.headers_mut();
    let content_type = headers.remove(CONTENT_TYPE).unwrap_or(OCTETS);
    content_headers(headers, digest, content_type, Freshness::Immutable);
    headers.insert(ACCEPT_RANGES, BYTES);
    Ok(response)
}

pub(super) async fn delete(call: &Call<'_>, name: &RepositoryName, digest: &Digest) -> Answer {
    precondition::for_digest(call, digest)?;
    call.delete(name).await?.blob(digest).await?;
    Ok(empty(StatusCode::ACCEPTED))
}

/// What a GET would have, without it.
fn sized(size: u64) -> Response<Body> {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, number_value(size));
    response
}

/// The whole blob, or the ranges that were asked for.
async fn send(call: &Call<'_>, blob: Blob, digest: &Digest) -> Answer {
    let (headers, size) = (&call.head.headers, blob.size());
    let ranges = match allow_range(headers, digest) {
        true => Ranges::of(headers, size),
        false => Ranges::Whole,
    };
    match ranges {
        Ranges::Whole => Ok(Response::new(body(blob.read(None).await?, size))),
        Ranges::Unsatisfiable => Err(Failure::Range { size }),
        Ranges::One(range) => {
            let (first, length) = (range.start, range.end - range.start);
            let last = range.end - 1;
            let content = blob.read(Some(range)).await?;
            let mut response = partial(body(content, length));
            let place = text_value(format!("bytes {first}-{last}/{size}"));
            response.headers_mut().insert(CONTENT_RANGE, place);
            Ok(response)
        }
        Ranges::Many(ranges) => {
            let parts = Multipart::new(call.id.as_str(), ranges, size);
            let content_type = parts.content_type();
            let mut response = partial(parts.body(blob));
            response.headers_mut().insert(CONTENT_TYPE, content_type);
            Ok(response)
        }
    }
}

fn partial(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    response
}

fn body(content: BlobBody, length: u64) -> Body {
    match content {
        BlobBody::Bytes(bytes) => Body::full(bytes),
        BlobBody::Stream(stream) => Body::stream(stream, length),
    }
}
