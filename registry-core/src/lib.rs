//! A container registry as a library: its types, the traits of its backends, and the engine.

mod digest;
mod name;
mod reference;
mod tag;
mod text;
mod upload_id;

pub use digest::{
    Algorithms, Digest, DigestAlgorithm, DigestHasher, HashState, ParseDigestError,
    UnknownHashState, VerifyDigestError,
};
pub use name::{
    ComponentRule, NameRuleError, Namespace, NamingRules, ParseNameError, RepositoryName,
};
pub use reference::{ParseReferenceError, Reference};
pub use tag::{ParseTagError, Tag};
pub use upload_id::{ParseUploadIdError, UploadId};
