//! What can go wrong, by what a caller would do about it.
//!
//! No text of an error holds a credential, a token or the query of an address: presigned addresses
//! carry their secret there.

use std::io;
use std::time::Duration;

use http::StatusCode;
use registry_core::{Digest, VerifyDigestError};

use crate::ErrorAnswer;
use crate::url::Origin;

/// A result of this client.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not succeed. Retries, where they make sense, have already been made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection could not be made, or broke.
    #[error("the connection to {host} failed: {reason}")]
    Connection {
        /// The host, and its port where it is not the usual one.
        host: String,
        /// What the network, TLS or HTTP layer said.
        reason: String,
    },
    /// Nothing was sent or received for so long that the connection was given up.
    #[error("{host} stood still for {}", seconds(*.limit))]
    Stalled {
        /// The host, and its port where it is not the usual one.
        host: String,
        /// The limit that was reached.
        limit: Duration,
    },
    /// The registry, or its token service, answered with an error.
    #[error(transparent)]
    Answer(#[from] Box<ErrorAnswer>),
    /// The registry wants a token from another host, to which credentials may not go.
    #[error(
        "{registry} wants a token from {host}, which is another host; \
         if that is right, allow it with token_host({host:?})"
    )]
    TokenHost {
        /// The registry's host.
        registry: String,
        /// The host that the registry named.
        host: String,
    },
    /// What the registry or its token service said of signing in cannot be followed.
    #[error("signing in to {host} failed: {reason}")]
    SignIn {
        /// The registry's host.
        host: String,
        /// What cannot be followed.
        reason: String,
    },
    /// The content is not what its digest promises.
    #[error("the content received for {expected} has the digest {actual}")]
    Mismatch {
        /// The digest that was asked for or promised.
        expected: Digest,
        /// The digest of what was received.
        actual: Digest,
    },
    /// A digest of an algorithm that this client was not given.
    #[error("the digest algorithm {0} is not supported")]
    DigestUnsupported(String),
    /// An answer was longer than this client takes.
    #[error("{host} sent {what} of more than {limit} bytes")]
    TooLarge {
        /// The host, and its port where it is not the usual one.
        host: String,
        /// What kind of answer it was.
        what: &'static str,
        /// The limit, one of [`Limits`](crate::Limits).
        limit: usize,
    },
    /// The answer is not one that the protocol allows.
    #[error("{host} does not follow the protocol: {reason}")]
    Protocol {
        /// The host, and its port where it is not the usual one.
        host: String,
        /// What was wrong with the answer.
        reason: String,
    },
    /// The content to be sent could not be read.
    #[error("the content to send cannot be read: {0}")]
    Content(#[source] io::Error),
}

impl Error {
    /// The registry says that what was named does not exist (or may not be seen).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answer(answer) => Some(answer.status()),
            _ => None,
        }
    }

    pub(crate) fn protocol(origin: &Origin, reason: impl Into<String>) -> Self {
        Self::Protocol {
            host: origin.authority(),
            reason: reason.into(),
        }
    }

    pub(crate) fn sign_in(origin: &Origin, reason: impl Into<String>) -> Self {
        Self::SignIn {
            host: origin.authority(),
            reason: reason.into(),
        }
    }

    /// Whether the same request may succeed when it is made again.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Connection { .. } | Self::Stalled { .. } => true,
            Self::Answer(answer) => is_transient(answer.status()),
            _ => false,
        }
    }

    /// How long the server asked to wait before the next request.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answer(answer) => answer.retry_after(),
            _ => None,
        }
    }
}

impl From<VerifyDigestError> for Error {
    fn from(error: VerifyDigestError) -> Self {
        match error {
            VerifyDigestError::UnsupportedAlgorithm { algorithm } => {
                Self::DigestUnsupported(algorithm)
            }
            VerifyDigestError::Mismatch { expected, actual } => Self::Mismatch { expected, actual },
        }
    }
}

/// Whether a server that answered so may answer otherwise when asked again.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

fn seconds(duration: Duration) -> String {
    format!("{} seconds", duration.as_secs_f32())
}
