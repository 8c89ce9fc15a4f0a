//! Everything that goes wrong, as an answer.
//!
//! Status, code and text of every failure stand in this file and nowhere else; a handler only says
//! what happened.

use std::time::Duration;

use http::{HeaderValue, StatusCode};
use registry_core::{
    BodyError, Digest, Error, ParseDigestError, ParseManifestError, ParseMediaTypeError,
    ParseNameError, ParseReferenceError, ParseTagError,
};

use super::code::Code;
use crate::route::{EncodingError, RouteError};

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The engine's reason.
    #[error(transparent)]
    Engine(#[from] Error),
    /// There is no such resource.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The resource has no such method.
    #[error("this resource does not take that method; it takes {allow}")]
    Method { allow: &'static str },
    /// The credentials are wrong.
    #[error("the credentials are wrong or have expired: sign in again")]
    Credentials,
    /// It is not for everybody, and nobody can sign in here.
    #[error("this is not open to everybody, and this registry has no way to sign in")]
    Closed,
    /// Credentials cannot be checked now.
    #[error("credentials cannot be checked now: try again")]
    AccountsUnavailable(String),
    /// A parameter is missing.
    #[error("the request needs a parameter {name:?}")]
    Missing { name: &'static str },
    /// A parameter cannot be read.
    #[error("the parameter {name:?} cannot be read, {fault}")]
    Parameter {
        name: &'static str,
        fault: EncodingError,
    },
    /// A parameter makes no sense.
    #[error("the parameter {name:?} {needs}")]
    BadParameter {
        name: &'static str,
        needs: &'static str,
    },
    /// A parameter is no digest.
    #[error(transparent)]
    Digest(#[from] ParseDigestError),
    /// A parameter is no tag.
    #[error(transparent)]
    Tag(#[from] ParseTagError),
    /// A parameter is no repository's name.
    #[error(transparent)]
    Name(#[from] ParseNameError),
    /// The type of a manifest is none.
    #[error("Content-Type: {0}")]
    ContentType(#[from] ParseMediaTypeError),
    /// A chunk's range cannot be read.
    #[error(
        "Content-Range must be two numbers, the first byte and the last, as in \"0-1023\"; the \
         first chunk begins at 0"
    )]
    ContentRange,
    /// A chunk is not as long as its range.
    #[error("the chunk has {length} bytes, but its Content-Range has {range}")]
    ChunkLength { length: u64, range: u64 },
    /// A chunk does not begin where the upload stands.
    #[error("the upload stands at byte {offset}: go on from there")]
    UploadRange { offset: u64, location: HeaderValue },
    /// A condition on content does not hold.
    #[error("the request's condition does not hold: this is {current}")]
    Condition { current: Digest },
    /// A condition asks for something that is not there.
    #[error("the request's condition does not hold: there is nothing yet")]
    ConditionAbsent,
    /// None of the ranges asked for exists.
    #[error("the content has {size} bytes: ask for a range within it")]
    Range { size: u64 },
    /// The path is too long.
    #[error("the path is longer than {limit} bytes")]
    PathTooLong { limit: usize },
    /// The query is too long.
    #[error("the query is longer than {limit} bytes: push tags in several requests")]
    QueryTooLong { limit: usize },
    /// There are too many headers.
    #[error("the request has more than {limit} headers")]
    TooManyHeaders { limit: usize },
    /// The headers are too large.
    #[error("the request's headers have more than {limit} bytes in all")]
    HeadersTooLarge { limit: usize },
    /// The caller has too many uploads under way.
    #[error("you have {limit} uploads under way, the most allowed: try again when one has ended")]
    TooManyUploads { limit: usize },
    /// The caller or its address makes requests too fast.
    #[error("you make requests too fast: try again in a while")]
    TooManyRequests { wait: Duration },
    /// Everybody together makes too many requests at once.
    #[error("the registry has too many requests under way: try again in a while")]
    Busy,
    /// A bug.
    #[error("the registry failed at this; its operator finds the cause by the request's id")]
    Panic,
}

impl Failure {
    /// A condition that content does not meet.
    pub(crate) fn condition(current: &Digest) -> Self {
        let current = current.clone();
        Self::Condition { current }
    }

    /// Status and code. A text is what `Display` says, but see [`text`](Self::text).
    pub(crate) fn kind(&self) -> (StatusCode, Code) {
        use StatusCode as S;
        match self {
            Self::Engine(error) => engine(error),
            Self::Route(error) => route(error),
            Self::Method { .. } => (S::METHOD_NOT_ALLOWED, Code::Unsupported),
            Self::Closed => (S::FORBIDDEN, Code::Denied),
            Self::Credentials => (S::UNAUTHORIZED, Code::Unauthorized),
            Self::AccountsUnavailable(_) => (S::SERVICE_UNAVAILABLE, Code::Unavailable),
            Self::Digest(_) => (S::BAD_REQUEST, Code::DigestInvalid),
            Self::Missing { .. } | Self::Parameter { .. } | Self::BadParameter { .. } => {
                (S::BAD_REQUEST, Code::Unsupported)
            }
            Self::Name(_) => (S::BAD_REQUEST, Code::NameInvalid),
            Self::Tag(_) | Self::ContentType(_) => (S::BAD_REQUEST, Code::ManifestInvalid),
            Self::UploadRange { .. } => (S::RANGE_NOT_SATISFIABLE, Code::BlobUploadInvalid),
            Self::ContentRange => (S::BAD_REQUEST, Code::BlobUploadInvalid),
            Self::ChunkLength { .. } => (S::BAD_REQUEST, Code::SizeInvalid),
            Self::Condition { .. } | Self::ConditionAbsent => {
                (S::PRECONDITION_FAILED, Code::Denied)
            }
            Self::Range { .. } => (S::RANGE_NOT_SATISFIABLE, Code::SizeInvalid),
            Self::PathTooLong { .. } => (S::URI_TOO_LONG, Code::NameInvalid),
            Self::QueryTooLong { .. } => (S::URI_TOO_LONG, Code::Unsupported),
            Self::TooManyHeaders { .. } | Self::HeadersTooLarge { .. } => {
                (S::REQUEST_HEADER_FIELDS_TOO_LARGE, Code::Unsupported)
            }
            Self::Busy => (S::SERVICE_UNAVAILABLE, Code::Unavailable),
            Self::TooManyUploads { .. } | Self::TooManyRequests { .. } => {
                (S::TOO_MANY_REQUESTS, Code::TooManyRequests)
            }
            Self::Panic => (S::INTERNAL_SERVER_ERROR, Code::Unknown),
        }
    }

    /// What the client is told. What a backend said stays in the log: it may name hosts and accounts.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Engine(Error::Unavailable(_)) => {
                "the registry cannot do this now: try again".to_owned()
            }
            failure => failure.to_string(),
        }
    }

    /// What only the log is told.
    pub(crate) fn hidden(&self) -> Option<&str> {
        match self {
            Self::Engine(Error::Unavailable(reason)) | Self::AccountsUnavailable(reason) => {
                Some(reason)
            }
            _ => None,
        }
    }
}

fn engine(error: &Error) -> (StatusCode, Code) {
    use StatusCode as S;
    match error {
        Error::Unauthorized | Error::InsufficientScope(_) => (S::UNAUTHORIZED, Code::Unauthorized),
        Error::Denied(_) | Error::Vetoed(_) => (S::FORBIDDEN, Code::Denied),
        Error::NameInvalid(_) => (S::BAD_REQUEST, Code::NameInvalid),
        Error::RepositoryUnknown(_) | Error::NamespaceUnknown(_) => {
            (S::NOT_FOUND, Code::NameUnknown)
        }
        Error::BlobUnknown(_) => (S::NOT_FOUND, Code::BlobUnknown),
        Error::ManifestUnknown(_) => (S::NOT_FOUND, Code::ManifestUnknown),
        Error::ManifestBlobUnknown(_) => (S::NOT_FOUND, Code::ManifestBlobUnknown),
        Error::ManifestInvalid(error) => manifest(error),
        Error::TooManyTags { .. } => (S::URI_TOO_LONG, Code::ManifestInvalid),
        Error::DigestMismatch { .. } | Error::DigestUnsupported(_) => {
            (S::BAD_REQUEST, Code::DigestInvalid)
        }
        Error::UploadUnknown => (S::NOT_FOUND, Code::BlobUploadUnknown),
        Error::UploadTakenOver => (S::CONFLICT, Code::BlobUploadInvalid),
        Error::RangeInvalid { .. } => (S::RANGE_NOT_SATISFIABLE, Code::BlobUploadInvalid),
        Error::Required { .. } => (S::METHOD_NOT_ALLOWED, Code::Denied),
        Error::ConditionFailed { .. } => (S::PRECONDITION_FAILED, Code::Denied),
        Error::Body(BodyError::Broken(_)) => (S::BAD_REQUEST, Code::SizeInvalid),
        Error::Body(BodyError::TooSlow) => (S::REQUEST_TIMEOUT, Code::BlobUploadInvalid),
        Error::Body(BodyError::TooLarge { .. }) | Error::TooLarge { .. } => {
            (S::PAYLOAD_TOO_LARGE, Code::SizeInvalid)
        }
        Error::Full => (S::INSUFFICIENT_STORAGE, Code::Unavailable),
        Error::Closed(_) | Error::Unavailable(_) => (S::SERVICE_UNAVAILABLE, Code::Unavailable),
    }
}

fn manifest(error: &ParseManifestError) -> (StatusCode, Code) {
    if error.is_too_large() {
        (StatusCode::PAYLOAD_TOO_LARGE, Code::ManifestInvalid)
    } else {
        (StatusCode::BAD_REQUEST, Code::ManifestInvalid)
    }
}

fn route(error: &RouteError) -> (StatusCode, Code) {
    use StatusCode as S;
    match error {
        RouteError::Unknown => (S::NOT_FOUND, Code::Unsupported),
        RouteError::Encoding(_) | RouteError::Name(_) => (S::BAD_REQUEST, Code::NameInvalid),
        RouteError::Digest(_) | RouteError::Reference(ParseReferenceError::Digest(_)) => {
            (S::BAD_REQUEST, Code::DigestInvalid)
        }
        RouteError::Reference(ParseReferenceError::Tag(_)) => {
            (S::BAD_REQUEST, Code::ManifestInvalid)
        }
        RouteError::Upload(_) => (S::NOT_FOUND, Code::BlobUploadUnknown),
    }
}
