//! The set of algorithms that a registry accepts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Digest, DigestAlgorithm, DigestHasher, HashState, UnknownHashState, sha2};

/// The algorithms that a registry accepts, by name.
///
/// ```
/// use registry_core::{Algorithms, Digest};
///
/// let algorithms = Algorithms::standard();
/// let digest = algorithms.digest("sha512", b"hello").unwrap();
/// assert_eq!(digest, Digest::sha512(b"hello"));
/// assert!(algorithms.verify(&digest, b"hello").is_ok());
/// assert!(algorithms.verify(&digest, b"hullo").is_err());
/// assert!(algorithms.get("md5").is_none());
/// ```
#[derive(Debug, Clone)]
pub struct Algorithms {
    by_name: Arc<BTreeMap<String, Arc<dyn DigestAlgorithm>>>,
}

/// Content was not verified against a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyDigestError {
    /// The digest's algorithm is not one that this registry accepts.
    #[error("the digest algorithm {algorithm} is not supported")]
    UnsupportedAlgorithm {
        /// The algorithm that the digest names.
        algorithm: String,
    },
    /// The content has another digest.
    #[error("the content's digest is {actual}, not {expected}")]
    Mismatch {
        /// The digest that was asked for.
        expected: Digest,
        /// The digest of the content.
        actual: Digest,
    },
}

impl Default for Algorithms {
    /// The standard set.
    fn default() -> Self {
        Self::standard()
    }
}

impl Algorithms {
    /// The algorithms of the OCI image specification that every client knows: sha256 and sha512.
    #[must_use]
    pub fn standard() -> Self {
        let none = Self {
            by_name: Arc::default(),
        };
        none.with(Arc::new(sha2::SHA256))
            .with(Arc::new(sha2::SHA512))
    }

    /// Adds an algorithm; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, algorithm: Arc<dyn DigestAlgorithm>) -> Self {
        Arc::make_mut(&mut self.by_name).insert(algorithm.name().to_owned(), algorithm);
        self
    }

    /// The algorithm of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn DigestAlgorithm>> {
        self.by_name.get(name)
    }

    /// The names, in byte order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Whether the digest's algorithm is in the set and its encoded part is well-formed for it.
    #[must_use]
    pub fn accepts(&self, digest: &Digest) -> bool {
        self.get(digest.algorithm())
            .is_some_and(|algorithm| algorithm.check(digest.encoded()))
    }

    /// Goes on from a saved state, in the algorithm that it names.
    ///
    /// # Errors
    /// When no algorithm of the set understands the state.
    pub fn restore(&self, state: &HashState) -> Result<Box<dyn DigestHasher>, UnknownHashState> {
        let mut restored = self
            .by_name
            .values()
            .map(|algorithm| algorithm.restore(state));
        restored.find_map(Result::ok).ok_or_else(|| state.into())
    }

    /// The digest of `bytes`, unless the algorithm is not in the set.
    #[must_use]
    pub fn digest(&self, algorithm: &str, bytes: &[u8]) -> Option<Digest> {
        let mut hasher = self.get(algorithm)?.hasher();
        hasher.update(bytes);
        Some(hasher.finish())
    }

    /// Checks that `bytes` have the digest.
    ///
    /// # Errors
    /// When they have another one, or its algorithm is not in the set.
    pub fn verify(&self, digest: &Digest, bytes: &[u8]) -> Result<(), VerifyDigestError> {
        match self.digest(digest.algorithm(), bytes) {
            Some(actual) if actual == *digest => Ok(()),
            Some(actual) => Err(VerifyDigestError::Mismatch {
                expected: digest.clone(),
                actual,
            }),
            None => Err(VerifyDigestError::UnsupportedAlgorithm {
                algorithm: digest.algorithm().to_owned(),
            }),
        }
    }
}
