//! Limits on what a client sends. Plain data; each violation has an error of its own.

use std::time::Duration;

/// What one request may be. The size of a manifest and the number of tags in a push are settings of
/// the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The path, in bytes; more is answered 414.
    pub path_bytes: usize,
    /// The query, in bytes; more is answered 414.
    pub query_bytes: usize,
    /// Header fields; more are answered 431.
    pub headers: usize,
    /// The header fields together, in bytes; more are answered 431.
    pub header_bytes: usize,
    /// Uploads that one caller may have under way at once; more are answered 429. Callers who did not
    /// sign in share one allowance.
    pub uploads_per_caller: usize,
    /// How slow a body may come; a slower one is answered 408.
    pub pace: Pace,
}

/// How slow the other side of a transfer may be. There is no limit on how long a whole transfer
/// takes: a large layer on a slow link is slow and welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The longest time without a single byte.
    pub idle: Duration,
    /// The least bytes per second, over the time spent waiting for them and at least over `idle`.
    pub bytes_per_second: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            path_bytes: 2 << 10,
            query_bytes: 16 << 10,
            headers: 96,
            header_bytes: 32 << 10,
            uploads_per_caller: 512,
            pace: Pace::default(),
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            bytes_per_second: 256,
        }
    }
}
