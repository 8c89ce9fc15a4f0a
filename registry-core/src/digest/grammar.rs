//! The grammar of a digest, checked in one pass.
//!
//! ```text
//! digest    ::= algorithm ":" encoded
//! algorithm ::= component (separator component)*
//! component ::= [a-z0-9]+
//! separator ::= [+._-]
//! encoded   ::= [a-zA-Z0-9=_-]+
//! ```

use super::Digest;
use super::error::{DigestFault, ParseDigestError};

/// Checks a whole digest.
pub(super) fn check(text: &str) -> Result<(), ParseDigestError> {
    if text.is_empty() {
        return Err(ParseDigestError::new(0, DigestFault::Empty));
    }
    if text.len() > Digest::MAX_LENGTH {
        return Err(ParseDigestError::new(
            Digest::MAX_LENGTH,
            DigestFault::TooLong,
        ));
    }
    let Some((algorithm, encoded)) = text.split_once(':') else {
        return Err(ParseDigestError::new(text.len(), DigestFault::NoColon));
    };
    check_algorithm(algorithm)?;
    check_encoded(algorithm, encoded)
        .map_err(|(offset, fault)| ParseDigestError::new(algorithm.len() + 1 + offset, fault))
}

fn check_algorithm(algorithm: &str) -> Result<(), ParseDigestError> {
    let mut after_separator = true;
    for (offset, byte) in algorithm.bytes().enumerate() {
        after_separator = match byte {
            b'a'..=b'z' | b'0'..=b'9' => false,
            b'+' | b'.' | b'_' | b'-' if !after_separator => true,
            _ => return Err(ParseDigestError::new(offset, DigestFault::Algorithm)),
        };
    }
    if after_separator {
        return Err(ParseDigestError::new(
            algorithm.len(),
            DigestFault::Algorithm,
        ));
    }
    Ok(())
}

fn check_encoded(algorithm: &str, encoded: &str) -> Result<(), (usize, DigestFault)> {
    if encoded.is_empty() {
        return Err((0, DigestFault::NoEncoded));
    }
    match algorithm {
        "sha256" => check_hex("sha256", 64, encoded),
        "sha512" => check_hex("sha512", 128, encoded),
        _ => match encoded.bytes().position(|byte| !is_encoded(byte)) {
            Some(offset) => Err((offset, DigestFault::Encoded)),
            None => Ok(()),
        },
    }
}

fn check_hex(
    algorithm: &'static str,
    digits: usize,
    encoded: &str,
) -> Result<(), (usize, DigestFault)> {
    if let Some(offset) = encoded.bytes().position(|byte| !is_hex(byte)) {
        return Err((offset, DigestFault::Hex { algorithm }));
    }
    if encoded.len() != digits {
        let fault = DigestFault::Length {
            algorithm,
            digits,
            found: encoded.len(),
        };
        return Err((digits.min(encoded.len()), fault));
    }
    Ok(())
}

/// Whether all of `encoded` are `digits` lower-case hex digits.
pub(super) fn is_lower_hex(digits: usize, encoded: &str) -> bool {
    encoded.len() == digits && encoded.bytes().all(is_hex)
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_encoded(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'_' | b'-')
}
