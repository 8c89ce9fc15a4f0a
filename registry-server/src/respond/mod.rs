//! Answers.

mod accept;
mod body;
mod code;
mod conditions;
mod content;
mod errors;
mod failure;
mod links;
mod multipart;
mod ranges;

use http::{HeaderName, HeaderValue};

pub(crate) use accept::{accepts, lists};
pub use body::{Body, BodyBroken};
pub(crate) use conditions::{Conditions, Verdict, allow_range, entity_tag, is_conditional};
pub(crate) use content::{Freshness, content_headers};
pub(crate) use errors::respond as respond_failure;
pub(crate) use failure::Failure;
pub(crate) use links::Links;
pub use links::{ParsePublicUrlError, PublicUrl};
pub(crate) use multipart::Multipart;
pub(crate) use ranges::{Ranges, chunk_range};

/// The digest of what was sent, stored or mounted.
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// A header of a text of ours. What cannot stand in a header becomes an empty one; no name, digest,
/// tag or number can.
pub(crate) fn text_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// A header of a number.
pub(crate) fn number_value(number: u64) -> HeaderValue {
    HeaderValue::from(number)
}

/// The bytes an upload has, as `Range` shows them. An empty upload shows what every registry shows,
/// `0-0`: the header's form has no way to say nothing.
pub(crate) fn upload_range(offset: u64) -> HeaderValue {
    text_value(format!("0-{}", offset.saturating_sub(1)))
}
