//! What makes a name unlike any other.

use registry_core::Random;

/// Hex digits in what makes a name unique.
const UNIQUE_DIGITS: usize = 32;

/// What makes the name of a write, and of its object, unlike any other.
///
/// - It is 32 lower-case hex digits, of 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unique(String);

impl Unique {
    pub(crate) fn new(random: &dyn Random) -> Self {
        let mut bytes = [0; UNIQUE_DIGITS / 2];
        random.fill(&mut bytes);
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == UNIQUE_DIGITS && text.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
