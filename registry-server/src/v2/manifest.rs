//! `manifests/<tag or digest>`: reading, pushing and deleting manifests and tags.

use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, WARNING},
};
use registry_core::{
    Digest, ManifestPush, MediaType, PushedManifest, Reference, RepositoryName, StoredManifest, Tag,
};

use super::{Answer, Call, empty, precondition};
use crate::{
    incoming::Incoming,
    respond::{
        Body, Conditions, Failure, Freshness, Verdict, accepts, content_headers, text_value,
    },
};

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

pub(super) async fn read(call: &Call<'_>, name: &RepositoryName, reference: &Reference) -> Answer {
    let conditions = Conditions::of(&call.head.headers);
    let pull = call.pull(name).await?;
    if call.is_head() || conditions.may_spare_content() {
        let stored = pull.stat_manifest(reference).await?;
        let verdict = conditions.judge_read(&stored.digest);
        if call.is_head() || verdict != Verdict::Proceed {
            return judged(call, reference, stored, verdict);
        }
    }
    let stored = pull.manifest(reference).await?;
    let verdict = conditions.judge_read(&stored.digest);
    judged(call, reference, stored, verdict)
}

pub(super) async fn put(
    call: &Call<'_>,
    name: &RepositoryName,
    reference: &Reference,
    body: &mut Incoming,
) -> Answer {
    let push = call.push(name).await?;
    let tags = tags(call)?;
    let content_type = content_type(call)?;
    let condition = precondition::for_tag(call, name, reference).await?;
    let limit = call.shared.registry.settings().manifest.max_bytes;
    let bytes = body
        .read_all(limit)
        .await
        .map_err(registry_core::Error::from)?;
    let pushed = push.put_manifest(ManifestPush {
        reference,
        tags: &tags,
        content_type: content_type.as_ref(),
        bytes,
        condition,
    });
    let pushed = pushed.await?;
    Ok(stored(call, name, &pushed, !tags.is_empty()))
}

pub(super) async fn delete(
    call: &Call<'_>,
    name: &RepositoryName,
    reference: &Reference,
) -> Answer {
    let delete = call.delete(name).await?;
    match reference {
        Reference::Tag(tag) => {
            let condition = precondition::for_tag(call, name, reference).await?;
            delete.tag(tag, &condition).await?;
        }
        Reference::Digest(digest) => {
            precondition::for_digest(call, digest)?;
            delete.manifest(digest).await?;
        }
    }
    Ok(empty(StatusCode::ACCEPTED))
}

fn judged(
    call: &Call<'_>,
    reference: &Reference,
    stored: StoredManifest,
    verdict: Verdict,
) -> Answer {
    let StoredManifest {
        digest,
        media_type,
        bytes,
        ..
    } = stored;
    let mut response = match verdict {
        Verdict::Proceed => Response::new(Body::full(bytes)),
        Verdict::NotModified => empty(StatusCode::NOT_MODIFIED),
        Verdict::Failed => return Err(Failure::condition(&digest)),
    };
    let freshness = match reference {
        Reference::Tag(_) => Freshness::Movable,
        Reference::Digest(_) => Freshness::Immutable,
    };
    let headers = response.headers_mut();
    let content_type = text_value(media_type.as_str().to_owned());
    content_headers(headers, &digest, content_type, freshness);
    if !accepts(&call.head.headers, media_type.as_str()) {
        headers.insert(WARNING, warning(&media_type));
    }
    Ok(response)
}

fn warning(media_type: &MediaType) -> HeaderValue {
    let text = "the manifest is served as it was pushed, which the request does not accept:";
    text_value(format!("299 - \"{text} {media_type}\""))
}

fn stored(
    call: &Call<'_>,
    name: &RepositoryName,
    pushed: &PushedManifest,
    with_tags: bool,
) -> Response<Body> {
    let digest: &Digest = &pushed.digest;
    let mut response = call.created(&format!("/v2/{name}/manifests/{digest}"), digest);
    let headers = response.headers_mut();
    if let Some(subject) = &pushed.subject {
        headers.insert(SUBJECT, text_value(subject.as_str().to_owned()));
    }
    if with_tags {
        let tags: Vec<_> = pushed.tags.iter().map(Tag::as_str).collect();
        headers.insert(TAG, text_value(tags.join(", ")));
    }
    response
}

/// The tags of `?tag=`.
fn tags(call: &Call<'_>) -> Result<Vec<Tag>, Failure> {
    let tags = call.query().all("tag").map(|tag| {
        let tag = tag.map_err(|fault| Failure::Parameter { name: "tag", fault })?;
        Ok(Tag::parse(&tag)?)
    });
    tags.collect()
}

fn content_type(call: &Call<'_>) -> Result<Option<MediaType>, Failure> {
    let Some(value) = call.head.headers.get(CONTENT_TYPE) else {
        return Ok(None);
    };
    // What is not text fails as a media type, with a message that says so.
    let parsed = MediaType::parse(value.to_str().unwrap_or("\u{fffd}"));
    Ok(Some(parsed?))
}
