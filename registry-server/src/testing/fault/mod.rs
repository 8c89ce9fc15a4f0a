//! Faults: what goes wrong, and when.

mod body;
mod on;
mod plan;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

pub use on::On;
pub(super) use on::repository;

use body::Shape;
pub(super) use body::{Dropped, FaultyBody};
pub(super) use plan::Plan;

/// What goes wrong with an answer.
#[derive(Clone, Debug)]
pub struct Fault(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Answer {
        status: StatusCode,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
    },
    Latency(Duration),
    DropBefore,
    WrongDigest,
    ContentType(HeaderValue),
    Body(Shape),
}

impl Fault {
    /// This status instead of the answer, with no body. The registry never sees the request.
    ///
    /// # Panics
    /// Where it is no HTTP status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::answer(status, &[], Bytes::new())
    }

    /// This answer instead of the registry's.
    ///
    /// # Panics
    /// Where it is no HTTP status or a header is none.
    #[must_use]
    pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let header = |(name, value): &(&str, &str)| {
            let name = HeaderName::try_from(*name).expect("a header's name");
            (
                name,
                HeaderValue::try_from(*value).expect("a header's value"),
            )
        };
        let status = StatusCode::from_u16(status).expect("an HTTP status");
        let headers = headers.iter().map(header).collect();
        Self(Kind::Answer {
            status,
            headers,
            body: body.into(),
        })
    }

    /// 429 with a `Retry-After` of so many seconds.
    #[must_use]
    pub fn too_many_requests(retry_after: u64) -> Self {
        let body = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"too many requests"}]}"#;
        let retry_after = retry_after.to_string();
        let headers = [
            ("retry-after", &*retry_after),
            ("content-type", "application/json"),
        ];
        Self::answer(429, &headers, body)
    }

    /// The answer, so much later.
    #[must_use]
    pub fn latency(duration: Duration) -> Self {
        Self(Kind::Latency(duration))
    }

    /// The connection is closed before any of the answer. The registry never sees the request.
    #[must_use]
    pub fn drop_before() -> Self {
        Self(Kind::DropBefore)
    }

    /// The connection is closed after so many bytes of the body.
    #[must_use]
    pub fn drop_after(bytes: u64) -> Self {
        Self(Kind::Body(Shape::DropAfter(bytes)))
    }

    /// A whole, well-formed answer with only so many bytes of the content.
    #[must_use]
    pub fn truncate(bytes: u64) -> Self {
        Self(Kind::Body(Shape::Truncate(bytes)))
    }

    /// The first byte of the content is another one, so that its digest is wrong.
    #[must_use]
    pub fn corrupt() -> Self {
        Self(Kind::Body(Shape::Corrupt))
    }

    /// `Docker-Content-Digest` names other content.
    #[must_use]
    pub fn wrong_digest() -> Self {
        Self(Kind::WrongDigest)
    }

    /// The answer has this content type.
    ///
    /// # Panics
    /// Where it cannot stand in a header.
    #[must_use]
    pub fn content_type(content_type: &str) -> Self {
        Self(Kind::ContentType(
            content_type.try_into().expect("a header's value"),
        ))
    }

    /// The content comes in pieces of so many bytes, with a pause before each.
    #[must_use]
    pub fn drip(bytes: usize, pause: Duration) -> Self {
        Self(Kind::Body(Shape::Drip {
            bytes: bytes.max(1),
            pause,
        }))
    }
}
