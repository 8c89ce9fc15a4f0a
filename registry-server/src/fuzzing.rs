//! Doors for fuzz targets to what reads hostile input. No part of the public interface.

use std::ops::Range;

use http::HeaderMap;
use registry_core::Digest;

use crate::{
    respond::{self, Conditions, Links, Ranges, Verdict},
    route::{self, Query, Route},
};

/// The parts of content of this size that a `Range` header gets: all of it, none, one or several.
pub fn ranges(value: &str, size: u64) -> Vec<Range<u64>> {
    match Ranges::parse(value, size) {
        Ranges::Whole => std::iter::once(0..size).collect(),
        Ranges::Unsatisfiable => Vec::new(),
        Ranges::One(range) => vec![range],
        Ranges::Many(ranges) => ranges,
    }
}

/// What a chunk's `Content-Range` header says it is.
pub fn chunk_range(value: &str) -> Option<Range<u64>> {
    respond::chunk_range(value)
}

/// Whether an `Accept` header lists a media type.
pub fn accepts(value: &str, media_type: &str) -> bool {
    respond::lists(value, media_type)
}

/// Whether conditions spare a client the content of this digest.
pub fn not_modified(headers: &HeaderMap, digest: &Digest) -> bool {
    Conditions::of(headers).judge_read(digest) == Verdict::NotModified
}

/// The `Link` to a next page that ends with this.
pub fn next_link(path: &str, last: &str) -> String {
    let link = Links::default().next(path, &[("last", last)]);
    link.to_str().unwrap_or_default().to_owned()
}

/// The parameters of that name, as far as they can be unescaped.
pub fn parameters(query: &str, name: &str) -> Vec<String> {
    let all = Query::new(Some(query)).all(name);
    all.filter_map(Result::ok).map(String::from).collect()
}

/// The name that a path leads to, and the methods there; an error's text where it leads nowhere.
pub fn route(path: &str) -> Result<(Option<String>, &'static str), String> {
    let route = Route::parse(path).map_err(|error: route::RouteError| error.to_string())?;
    let name = match &route {
        Route::Repository { name, .. } => Some(name.to_string()),
        Route::Ping | Route::Catalog => None,
    };
    Ok((name, route.allow()))
}
