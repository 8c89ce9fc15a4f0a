//! A container registry as a library: its types, the traits of its backends, and the engine.

mod descriptor;
mod digest;
mod manifest;
mod media_type;
mod name;
mod reference;
mod tag;
#[cfg(test)]
mod testing;
mod text;
mod upload_id;

pub use descriptor::{Descriptor, Platform};
pub use digest::{
    Algorithms, Digest, DigestAlgorithm, DigestHasher, HashState, ParseDigestError,
    UnknownHashState, VerifyDigestError,
};
pub use manifest::{Manifest, ManifestKind, ManifestLimits, ParseManifestError};
pub use media_type::{MediaType, ParseMediaTypeError};
pub use name::{
    ComponentRule, NameRuleError, Namespace, NamingRules, ParseNameError, RepositoryName,
};
pub use reference::{ParseReferenceError, Reference};
pub use tag::{ParseTagError, Tag};
pub use upload_id::{ParseUploadIdError, UploadId};
