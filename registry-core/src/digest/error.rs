//! Why a text is not a digest.

/// A text is not a digest: the reason, and the byte it stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a digest, at byte {offset}: {fault}")]
pub struct ParseDigestError {
    offset: usize,
    fault: DigestFault,
}

impl ParseDigestError {
    pub(super) fn new(offset: usize, fault: DigestFault) -> Self {
        Self { offset, fault }
    }

    /// The byte of the text at which it stops being a digest.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum DigestFault {
    #[error("it is empty; write algorithm:encoded, for example sha256: and 64 hex digits")]
    Empty,
    #[error("it is longer than 255 bytes")]
    TooLong,
    #[error("it has no ':' between algorithm and encoded hash")]
    NoColon,
    #[error(
        "an algorithm is lower-case letters and digits, in parts joined by one of '+', '.', '_', '-'"
    )]
    Algorithm,
    #[error("nothing follows the ':'")]
    NoEncoded,
    #[error("the encoded hash may hold only letters, digits, '=', '_' and '-'")]
    Encoded,
    #[error("{algorithm} needs exactly {digits} hex digits, not {found}")]
    Length {
        algorithm: &'static str,
        digits: usize,
        found: usize,
    },
    #[error("{algorithm} is written with the digits 0-9 and a-f, in lower case")]
    Hex { algorithm: &'static str },
}
