//! Pages of a listing: `n`, `last` and `Link`.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Response, header::CONTENT_TYPE, header::LINK};
use registry_core::PageRequest;
use serde::Serialize;

use super::Call;
use crate::{
    respond::{Body, Failure},
    route::Query,
};

/// Which page a request asks for.
pub(super) struct Paging<'a> {
    n: Option<usize>,
    last: Option<Cow<'a, str>>,
}

impl<'a> Paging<'a> {
    pub(super) fn of(query: Query<'a>) -> Result<Self, Failure> {
        let n = parameter(query, "n")?;
        let n = n.map(|n| number(&n)).transpose()?;
        let last = parameter(query, "last")?;
        Ok(Self { n, last })
    }

    /// The page; without `n`, as long as the registry gives.
    pub(super) fn request(&self) -> PageRequest<'_> {
        PageRequest {
            after: self.last.as_deref().filter(|last| !last.is_empty()),
            limit: self.n.unwrap_or(usize::MAX),
        }
    }

    /// Adds the address of the next page, if there is one.
    pub(super) fn link(
        &self,
        call: &Call<'_>,
        response: &mut Response<Body>,
        next: Option<&str>,
        filter: Option<(&str, &str)>,
    ) {
        let Some(next) = next else { return };
        let n = self.n.map(|n| n.to_string());
        let n = n.as_deref().map(|n| ("n", n));
        let parameters: Vec<_> = filter
            .into_iter()
            .chain(n)
            .chain([("last", next)])
            .collect();
        let link = call.links().next(call.head.uri.path(), &parameters);
        response.headers_mut().insert(LINK, link);
    }
}

/// A parameter, unescaped.
pub(super) fn parameter<'a>(
    query: Query<'a>,
    name: &'static str,
) -> Result<Option<Cow<'a, str>>, Failure> {
    let value = query.first(name);
    value.map_err(|fault| Failure::Parameter { name, fault })
}

/// Any number is a number; one beyond the registry's own limit is that limit.
fn number(text: &str) -> Result<usize, Failure> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let needs = "must be a number, 0 or more";
        return Err(Failure::BadParameter { name: "n", needs });
    }
    Ok(text.parse().unwrap_or(usize::MAX))
}

/// An answer of JSON.
pub(super) fn json(value: &impl Serialize, content_type: &'static str) -> Response<Body> {
    // Names and tags always become JSON.
    json_text(
        serde_json::to_string(value).unwrap_or_default(),
        content_type,
    )
}

/// The same where it is JSON already.
pub(super) fn json_text(text: String, content_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::full(Bytes::from(text)));
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
