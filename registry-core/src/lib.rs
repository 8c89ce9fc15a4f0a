//! A container registry as a library: its types, the traits of its backends, and the engine.

mod digest;
mod text;

pub use digest::{
    Algorithms, Digest, DigestAlgorithm, DigestHasher, HashState, ParseDigestError,
    UnknownHashState, VerifyDigestError,
};
