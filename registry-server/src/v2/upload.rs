//! `blobs/uploads/`: pushing and mounting blobs.

use http::{
    HeaderMap, HeaderName, Response, StatusCode,
    header::{CONTENT_RANGE, LOCATION, RANGE},
};
use registry_core::{Digest, Error, Push, RepositoryName, Upload, UploadId};

use super::{Answer, Call, empty, paging::parameter};
use crate::{
    incoming::Incoming,
    respond::{Body, Failure, chunk_range, number_value, upload_range},
    service::Slot,
};

const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// A mount, a whole blob, or a new session: what of the first two is not possible becomes the third.
pub(super) async fn begin(call: &Call<'_>, name: &RepositoryName, body: &mut Incoming) -> Answer {
    let push = call.push(name).await?;
    if let Some(digest) = digest(call, "mount")? {
        if let Some(response) = mount(call, name, &push, &digest).await? {
            return Ok(response);
        }
    } else if let Some(digest) = digest(call, "digest")? {
        let _slot = slot(call)?;
        let push = push.expecting(body.length());
        let pushed = push.put_blob(&digest, body).await?;
        return Ok(stored(call, name, &pushed.digest));
    }
    let algorithm = parameter(call.query(), "digest-algorithm")?;
    let id = push.begin_upload(algorithm.as_deref())?;
    Ok(session(call, name, &id, StatusCode::ACCEPTED, 0))
}

pub(super) async fn append(
    call: &Call<'_>,
    name: &RepositoryName,
    id: &UploadId,
    body: &mut Incoming,
) -> Answer {
    let upload = open(call, name, id).await?;
    let start = chunk_start(&call.head.headers, body)?;
    let _slot = slot(call)?;
    let upload = upload.expecting(body.length());
    let offset = upload.append(start, body).await;
    let offset = offset.map_err(|error| misplaced(call, name, id, error))?;
    Ok(session(call, name, id, StatusCode::ACCEPTED, offset))
}

pub(super) async fn finish(
    call: &Call<'_>,
    name: &RepositoryName,
    id: &UploadId,
    body: &mut Incoming,
) -> Answer {
    let upload = open(call, name, id).await?;
    let digest = digest(call, "digest")?.ok_or(Failure::Missing { name: "digest" })?;
    let start = chunk_start(&call.head.headers, body)?;
    let _slot = slot(call)?;
    let upload = upload.expecting(body.length());
    let pushed = upload.finish(start, body, &digest).await;
    let pushed = pushed.map_err(|error| misplaced(call, name, id, error))?;
    Ok(stored(call, name, &pushed.digest))
}

pub(super) async fn status(call: &Call<'_>, name: &RepositoryName, id: &UploadId) -> Answer {
    let status = open(call, name, id).await?.status().await?;
    let code = StatusCode::NO_CONTENT;
    Ok(session(call, name, id, code, status.offset))
}

pub(super) async fn cancel(call: &Call<'_>, name: &RepositoryName, id: &UploadId) -> Answer {
    open(call, name, id).await?.cancel().await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn mount(
    call: &Call<'_>,
    name: &RepositoryName,
    push: &Push,
    digest: &Digest,
) -> Result<Option<Response<Body>>, Failure> {
    let from = parameter(call.query(), "from")?.filter(|from| !from.is_empty());
    let from = from.map(|from| RepositoryName::parse(&from)).transpose()?;
    let mounted = push.mount(digest, from.as_ref()).await?;
    Ok(mounted.map(|blob| stored(call, name, &blob.digest)))
}

async fn open(call: &Call<'_>, name: &RepositoryName, id: &UploadId) -> Result<Upload, Failure> {
    Ok(call.push(name).await?.upload(id)?)
}

fn slot<'a>(call: &Call<'a>) -> Result<Slot<'a>, Failure> {
    let slots = &call.shared.uploads;
    let limit = slots.limit();
    let slot = slots.take(call.caller);
    slot.ok_or(Failure::TooManyUploads { limit })
}

fn digest(call: &Call<'_>, name: &'static str) -> Result<Option<Digest>, Failure> {
    let text = parameter(call.query(), name)?;
    Ok(text.map(|text| Digest::parse(&text)).transpose()?)
}

/// Where a chunk says it begins; its body is held to where it says it ends.
fn chunk_start(headers: &HeaderMap, body: &mut Incoming) -> Result<Option<u64>, Failure> {
    let Some(value) = headers.get(CONTENT_RANGE) else {
        return Ok(None);
    };
    let range = value.to_str().ok().and_then(chunk_range);
    let range = range.ok_or(Failure::ContentRange)?;
    let promised = range.end - range.start;
    match body.length() {
        Some(length) if length != promised => Err(Failure::ChunkLength {
            length,
            range: promised,
        }),
        _ => {
            body.promise(promised);
            Ok(Some(range.start))
        }
    }
}

/// A chunk out of order is told where the upload stands.
fn misplaced(call: &Call<'_>, name: &RepositoryName, id: &UploadId, error: Error) -> Failure {
    match error {
        Error::RangeInvalid { offset } => Failure::UploadRange {
            offset,
            location: call.links().location(&path(name, id)),
        },
        error => error.into(),
    }
}

fn session(
    call: &Call<'_>,
    name: &RepositoryName,
    id: &UploadId,
    status: StatusCode,
    offset: u64,
) -> Response<Body> {
    let mut response = empty(status);
    let headers = response.headers_mut();
    headers.insert(LOCATION, call.links().location(&path(name, id)));
    headers.insert(RANGE, upload_range(offset));
    if let Some(bytes) = call.shared.chunk_min_length {
        headers.insert(CHUNK_MIN_LENGTH, number_value(bytes));
    }
    response
}

fn stored(call: &Call<'_>, name: &RepositoryName, digest: &Digest) -> Response<Body> {
    call.created(&format!("/v2/{name}/blobs/{digest}"), digest)
}

fn path(name: &RepositoryName, id: &UploadId) -> String {
    format!("/v2/{name}/blobs/uploads/{id}")
}
