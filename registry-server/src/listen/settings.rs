//! How connections are treated: plain data.

use std::time::Duration;

use crate::limits::Pace;

/// What one connection may do, and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenSettings {
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// How long a connection may take for the head of its next request, the time it idles before
    /// included. Then it is closed.
    pub head_timeout: Duration,
    /// How long a connection may take for all that comes before its first request: the PROXY protocol's
    /// header, and agreeing on TLS.
    pub handshake_timeout: Duration,
    /// How slow a client may read. Then it is cut off.
    pub pace: Pace,
    /// The read buffer of a connection; a request's head must fit into it, or it is answered 431
    /// without a body.
    pub buffer_bytes: usize,
    /// Header fields that are parsed at all; more are answered 431 without a body. It should lie above
    /// [`Limits::headers`](crate::Limits::headers), whose answer says what was wrong.
    pub headers: usize,
}

/// The number for which the parser needs no allocation.
pub(super) const USUAL_HEADERS: usize = 100;

impl Default for ListenSettings {
    fn default() -> Self {
        Self {
            connections: 8192,
            head_timeout: Duration::from_secs(90),
            handshake_timeout: Duration::from_secs(10),
            pace: Pace::default(),
            buffer_bytes: 128 << 10,
            headers: USUAL_HEADERS,
        }
    }
}
