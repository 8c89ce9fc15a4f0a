//! What a digest algorithm is to the registry.
//!
//! Saving and restoring the state belongs to the algorithm, because an upload that goes on in another
//! process must not read back what was already hashed. An algorithm that cannot do it is no algorithm
//! of this registry: the alternative, an optional capability, would leave uploads with two ways to end.

use std::fmt;

use super::Digest;

/// An algorithm that turns content into digests.
///
/// 1. Every digest that a hasher of this algorithm finishes carries [`name`](Self::name) and passes
///    [`check`](Self::check).
/// 2. [`restore`](Self::restore) after [`DigestHasher::save`] continues as if the hasher had never
///    stopped, in any process, of any version that knows the state's format.
/// 3. A state that is not known for certain is refused; it is never read on a guess.
pub trait DigestAlgorithm: Send + Sync + fmt::Debug {
    /// The name as it stands before the colon, e.g. `sha256`.
    fn name(&self) -> &str;

    /// Whether `encoded` is a well-formed hash of this algorithm, as it stands after the colon.
    fn check(&self, encoded: &str) -> bool;

    /// A hasher that has seen no bytes.
    fn hasher(&self) -> Box<dyn DigestHasher>;

    /// A hasher that goes on from a saved state.
    ///
    /// # Errors
    /// When the state is of another format, or not of that format's shape.
    fn restore(&self, state: &HashState) -> Result<Box<dyn DigestHasher>, UnknownHashState>;
}

/// A digest on its way: content goes in piece by piece.
pub trait DigestHasher: Send {
    /// Adds the next bytes of the content.
    fn update(&mut self, bytes: &[u8]);

    /// The state after the bytes added so far; the hasher goes on unchanged.
    fn save(&self) -> HashState;

    /// The digest of all bytes added.
    fn finish(self: Box<Self>) -> Digest;
}

/// The saved state of a hasher: a format's name, and bytes that only that format explains.
///
/// The bytes hold the last partial block of the content, so they are as private as the content:
/// `Debug` shows only how many there are.
#[derive(Clone, PartialEq, Eq)]
pub struct HashState {
    /// Library, version and algorithm that wrote it, e.g. `sha2-0.11/sha256`.
    pub format: String,
    /// The state itself.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for HashState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HashState({}, {} bytes)", self.format, self.bytes.len())
    }
}

/// A saved hash state cannot be restored here: the client has to begin the upload again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the saved hash state of format {format:?} with {length} bytes cannot be continued here; begin the upload again"
)]
pub struct UnknownHashState {
    /// The format that the state names.
    pub format: String,
    /// How many bytes the state has.
    pub length: usize,
}

impl From<&HashState> for UnknownHashState {
    fn from(state: &HashState) -> Self {
        Self {
            format: state.format.clone(),
            length: state.bytes.len(),
        }
    }
}
