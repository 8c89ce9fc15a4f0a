//! Why the engine did not do what was asked.

use crate::{
    backend::{MetadataError, MetadataErrorKind, StoreError, StoreErrorKind},
    digest::Digest,
    manifest::ParseManifestError,
    name::{NameRuleError, RepositoryName},
    policy::Action,
    reference::Reference,
    tag::Tag,
};

/// What came of an engine's operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation was not done. A kind of its own only where a caller would act differently.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Nobody signed in, and this is not for everybody.
    #[error("sign in first: this is not open to everybody")]
    Unauthorized,
    /// The token was not asked for this.
    #[error("the token does not cover this: ask for one that allows to {}", verb(*.0))]
    InsufficientScope(Action),
    /// The caller may not.
    #[error("{0}")]
    Denied(String),
    /// A hook refused.
    #[error("{0}")]
    Vetoed(String),
    /// The name breaks this registry's rules for names.
    #[error(transparent)]
    NameInvalid(#[from] NameRuleError),
    /// There is no such repository, or the caller may not know of it.
    #[error("there is no repository {0}, or you may not read it")]
    RepositoryUnknown(RepositoryName),
    /// There is no such namespace, or the caller may not know of it.
    #[error("there is no namespace {0}, or you may not read it")]
    NamespaceUnknown(crate::name::Namespace),
    /// The repository has no such blob.
    #[error("the repository has no blob {0}")]
    BlobUnknown(Digest),
    /// The repository has no such manifest.
    #[error("the repository has no manifest {0}")]
    ManifestUnknown(Reference),
    /// The manifest refers to what the repository does not have.
    #[error("the manifest refers to {} that the repository does not have: push them first", count(.0))]
    ManifestBlobUnknown(Vec<Digest>),
    /// The manifest cannot be taken.
    #[error(transparent)]
    ManifestInvalid(#[from] ParseManifestError),
    /// More tags than a push may carry.
    #[error("a push carries at most {limit} tags: push again by digest with the rest")]
    TooManyTags {
        /// The setting.
        limit: usize,
    },
    /// The bytes are not those of the digest.
    #[error("the content has digest {actual}, not {expected}: send it again")]
    DigestMismatch {
        /// What was claimed.
        expected: Digest,
        /// What arrived.
        actual: Digest,
    },
    /// Nobody here can compute that digest.
    #[error("digest algorithm {0:?} is not supported here: use sha256 or sha512")]
    DigestUnsupported(String),
    /// The session does not exist, has ended, or is another's.
    #[error("there is no such upload: it ended, expired or belongs elsewhere; begin a new one")]
    UploadUnknown,
    /// Another request took the session over.
    #[error("another request took this upload over: ask for its status and go on from there")]
    UploadTakenOver,
    /// The bytes do not begin where the session stands.
    #[error("the upload stands at byte {offset}: go on from there")]
    RangeInvalid {
        /// Where it stands.
        offset: u64,
    },
    /// A manifest that is there requires it.
    #[error("{digest} is required by manifest {by}: delete that first")]
    Required {
        /// What was to be deleted.
        digest: Digest,
        /// What requires it.
        by: Digest,
    },
    /// The tag does not meet the request's condition.
    #[error("tag {tag} {}", points(.current.as_ref()))]
    ConditionFailed {
        /// The tag.
        tag: Tag,
        /// Where it points.
        current: Option<Digest>,
    },
    /// The request's body did not arrive.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// There is no room.
    #[error("the registry's storage is full: nothing was changed")]
    Full,
    /// The store cannot keep a blob of so many bytes.
    #[error("a blob can have {most} bytes at most here")]
    TooLarge {
        /// So many it can keep.
        most: u64,
    },
    /// No writes are taken, for a reason that everybody may know.
    #[error("{0}")]
    Closed(String),
    /// A backend does not answer as it should; trying again later may help.
    #[error("the registry cannot do this now: {0}")]
    Unavailable(String),
}

/// Why a request's body did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The connection went away, or the body's framing was wrong.
    #[error("the body did not arrive whole: {0}")]
    Broken(String),
    /// It came too slowly.
    #[error("the body came too slowly: try again")]
    TooSlow,
    /// It is larger than allowed.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The setting.
        limit: u64,
    },
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Pull => "pull",
        Action::Push => "push",
        Action::Delete => "delete",
        Action::Administer => "administer",
    }
}

fn count(digests: &[Digest]) -> String {
    match digests {
        [one] => one.to_string(),
        many => format!("{} blobs or manifests", many.len()),
    }
}

fn points(current: Option<&Digest>) -> String {
    match current {
        Some(digest) => format!("points to {digest}, which the request's condition excludes"),
        None => "does not exist, which the request's condition excludes".to_owned(),
    }
}

impl From<MetadataError> for Error {
    fn from(error: MetadataError) -> Self {
        match error.kind {
            MetadataErrorKind::Full => Self::Full,
            MetadataErrorKind::Closed => Self::Closed(error.message),
            MetadataErrorKind::Unavailable | MetadataErrorKind::Unknown => {
                Self::Unavailable(error.message)
            }
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error.kind {
            StoreErrorKind::Full => Self::Full,
            StoreErrorKind::TooLarge { most } => Self::TooLarge { most },
            StoreErrorKind::BadCheckpoint => Self::UploadUnknown,
            _ => Self::Unavailable(error.message),
        }
    }
}
