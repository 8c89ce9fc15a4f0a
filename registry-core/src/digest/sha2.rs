//! SHA-256 and SHA-512, by the sha2 crate.
//!
//! sha2 promises that its serialised state is stable within `0.11`, so the format's name carries that
//! much of the version. An upgrade of the crate must change [`FORMAT_256`] and [`FORMAT_512`]: the
//! states then stored are refused, and their uploads begin again, instead of ending in a wrong digest.

use std::fmt;
use std::marker::PhantomData;

use ::sha2::digest::common::hazmat::{SerializableState, SerializedState};
use ::sha2::{Digest as _, Sha256, Sha512};

use super::grammar::is_lower_hex;
use super::{Digest, DigestAlgorithm, DigestHasher, HashState, UnknownHashState};

const FORMAT_256: &str = "sha2-0.11/sha256";
const FORMAT_512: &str = "sha2-0.11/sha512";

pub(super) const SHA256: Sha2<Sha256> = Sha2::new("sha256", FORMAT_256);
pub(super) const SHA512: Sha2<Sha512> = Sha2::new("sha512", FORMAT_512);

pub(super) fn sha256(bytes: &[u8]) -> Digest {
    Digest::of_hash("sha256", &Sha256::digest(bytes))
}

pub(super) fn sha512(bytes: &[u8]) -> Digest {
    Digest::of_hash("sha512", &Sha512::digest(bytes))
}

/// What the generic code needs of a hash of the sha2 crate.
pub(super) trait Sha2Hash: ::sha2::Digest + SerializableState + Send + 'static {}

impl Sha2Hash for Sha256 {}
impl Sha2Hash for Sha512 {}

/// One algorithm of the family.
pub(super) struct Sha2<H> {
    name: &'static str,
    format: &'static str,
    hash: PhantomData<fn() -> H>,
}

impl<H> Sha2<H> {
    const fn new(name: &'static str, format: &'static str) -> Self {
        Self {
            name,
            format,
            hash: PhantomData,
        }
    }
}

impl<H> fmt::Debug for Sha2<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<H: Sha2Hash> DigestAlgorithm for Sha2<H> {
    fn name(&self) -> &str {
        self.name
    }

    fn check(&self, encoded: &str) -> bool {
        is_lower_hex(2 * <H as ::sha2::Digest>::output_size(), encoded)
    }

    fn hasher(&self) -> Box<dyn DigestHasher> {
        Box::new(Sha2Hasher {
            name: self.name,
            format: self.format,
            hash: H::new(),
        })
    }

    fn restore(&self, state: &HashState) -> Result<Box<dyn DigestHasher>, UnknownHashState> {
        let unknown = || UnknownHashState::from(state);
        if state.format != self.format {
            return Err(unknown());
        }
        let bytes =
            SerializedState::<H>::try_from(state.bytes.as_slice()).map_err(|_| unknown())?;
        let hash = H::deserialize(&bytes).map_err(|_| unknown())?;
        Ok(Box::new(Sha2Hasher {
            name: self.name,
            format: self.format,
            hash,
        }))
    }
}

struct Sha2Hasher<H> {
    name: &'static str,
    format: &'static str,
    hash: H,
}

impl<H: Sha2Hash> DigestHasher for Sha2Hasher<H> {
    fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    fn save(&self) -> HashState {
        HashState {
            format: self.format.to_owned(),
            bytes: self.hash.serialize().to_vec(),
        }
    }

    fn finish(self: Box<Self>) -> Digest {
        Digest::of_hash(self.name, &self.hash.finalize())
    }
}
