//! Digests, and the algorithms that compute them.
//!
//! A digest is parsed by the OCI grammar alone, whatever its algorithm; which algorithms a registry
//! accepts is the set it was given ([`Algorithms`]). So a digest of an algorithm that is added later
//! is already a value that names, rows and routes can carry, and refusing it is one decision in the
//! engine. Parsing against the registered set was the alternative: every parse would then need it.

mod algorithm;
mod algorithms;
mod error;
mod grammar;
mod sha2;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use self::algorithm::{DigestAlgorithm, DigestHasher, HashState, UnknownHashState};
pub use self::algorithms::{Algorithms, VerifyDigestError};
pub use self::error::ParseDigestError;
use crate::text::text_type;

/// The digest of some content, e.g. `sha256:` and 64 hex digits.
///
/// - It is `algorithm:encoded` by the grammar of the OCI image specification, at most 255 bytes.
/// - A `sha256` or `sha512` digest has exactly 64 or 128 lower-case hex digits.
/// - Another algorithm needs only to be grammatical; whether it is supported, [`Algorithms`] knows.
/// - Equality, order and hash are those of the text. A clone is a reference count.
///
/// ```
/// use registry_core::Digest;
///
/// let digest = Digest::sha256(b"hello");
/// assert_eq!(digest.algorithm(), "sha256");
/// assert_eq!(
///     digest.as_str(),
///     "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
/// );
/// assert_eq!(Digest::parse(digest.as_str()), Ok(digest));
/// assert!(Digest::parse("sha256:2CF24DBA").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Arc<str>);

text_type!(Digest, ParseDigestError, "a digest such as sha256:...");

impl Digest {
    /// The longest digest, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// Parses a digest by the OCI grammar.
    ///
    /// # Errors
    /// Says what is not a digest and at which byte.
    pub fn parse(text: &str) -> Result<Self, ParseDigestError> {
        grammar::check(text)?;
        Ok(Self(text.into()))
    }

    /// The digest that an algorithm's raw hash makes, encoded as lower-case hex.
    ///
    /// # Errors
    /// When `algorithm` is no algorithm name, or `sha256` or `sha512` with a hash of another length.
    pub fn from_hash(algorithm: &str, hash: &[u8]) -> Result<Self, ParseDigestError> {
        Self::parse(&hex(algorithm, hash))
    }

    /// The SHA-256 digest of `bytes`.
    #[must_use]
    pub fn sha256(bytes: &[u8]) -> Self {
        sha2::sha256(bytes)
    }

    /// The SHA-512 digest of `bytes`.
    #[must_use]
    pub fn sha512(bytes: &[u8]) -> Self {
        sha2::sha512(bytes)
    }

    /// The whole text, `algorithm:encoded`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the colon.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.parts().0
    }

    /// What stands after the colon.
    #[must_use]
    pub fn encoded(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or((&self.0, ""))
    }

    /// The digest of a hash whose length is known to be the algorithm's.
    fn of_hash(algorithm: &str, hash: &[u8]) -> Self {
        Self(hex(algorithm, hash).into())
    }
}

/// `algorithm:` and the hash in lower-case hex.
fn hex(algorithm: &str, hash: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(algorithm.len() + 1 + 2 * hash.len());
    text.push_str(algorithm);
    text.push(':');
    for byte in hash {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
