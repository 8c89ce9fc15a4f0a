//! Ids of requests, to find an answer's lines in a log.

use std::{
    fmt::Write,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use http::HeaderValue;

use crate::respond::text_value;

/// Makes ids: a random text per process, and a counter.
pub(super) struct RequestIds {
    prefix: u64,
    next: AtomicU64,
}

/// The id of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(HeaderValue);

impl RequestIds {
    pub(super) fn new() -> Self {
        Self {
            // Not a secret: it only keeps processes apart in a log.
            prefix: RandomState::new().hash_one(0),
            next: AtomicU64::new(1),
        }
    }

    pub(super) fn next(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = String::with_capacity(16 + 1 + 8);
        // Writing to a string does not fail.
        let _ = write!(text, "{:016x}-{number:x}", self.prefix);
        RequestId(text_value(text))
    }
}

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(super) fn into_value(self) -> HeaderValue {
        self.0
    }
}
