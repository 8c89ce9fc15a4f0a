//! Headers of content.
//!
//! Whoever pushes decides the bytes and, for a manifest, the type. So content goes out such that no
//! browser makes a page of it: as it was declared, not guessed, and in a sandbox that allows nothing.

use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG},
};
use registry_core::Digest;

use super::{CONTENT_DIGEST, entity_tag, text_value};

/// How long content stays what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It was asked for by digest.
    Immutable,
    /// It was asked for by tag, which may move.
    Movable,
}

impl Freshness {
    fn cache_control(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Immutable => "max-age=31536000, immutable",
            Self::Movable => "no-cache",
        })
    }
}

/// Headers of content, without its length.
pub(crate) fn content_headers(
    headers: &mut HeaderMap,
    digest: &Digest,
    content_type: HeaderValue,
    freshness: Freshness,
) {
    const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CONTENT_DIGEST, text_value(digest.as_str().to_owned()));
    headers.insert(ETAG, entity_tag(digest));
    headers.insert(CACHE_CONTROL, freshness.cache_control());
    headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
}
