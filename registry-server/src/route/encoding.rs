//! Percent-encoding, undone strictly.
//!
//! What a client escaped is unescaped once, before anything is split or compared, so a name has one
//! spelling for the router, the policy and the store. An escaped `/` or NUL is refused: a proxy in
//! front may have read the path otherwise than we would.

use std::borrow::Cow;

/// Where a text stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// In the path, where `/` separates and an escaped one is refused.
    Path,
    /// In the query, where an escaped `/` is usual. A plus sign is a plus sign: media types have them,
    /// and nothing that is sent here has a space.
    Query,
}

/// A text cannot be unescaped: the reason, and the byte it stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {fault}")]
pub(crate) struct EncodingError {
    offset: usize,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("'%' must be followed by two hex digits")]
    Escape,
    #[error("an escaped '/' is not accepted; write '/'")]
    Slash,
    #[error("NUL is not accepted")]
    Nul,
    #[error("the escapes are not UTF-8")]
    NotUtf8,
}

/// Undoes the escapes of a text.
pub(crate) fn decode(text: &str, part: Part) -> Result<Cow<'_, str>, EncodingError> {
    let Some(first) = text.find('%') else {
        return Ok(Cow::Borrowed(text));
    };
    let bytes = text.as_bytes();
    let mut decoded = bytes[..first].to_vec();
    let mut at = first;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            decoded.push(escaped(bytes, at, part)?);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| error(first, Fault::NotUtf8))
}

/// The byte that the escape at `at` stands for.
fn escaped(bytes: &[u8], at: usize, part: Part) -> Result<u8, EncodingError> {
    let digit = |index: usize| bytes.get(index).and_then(|byte| hex(*byte));
    let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2)) else {
        return Err(error(at, Fault::Escape));
    };
    match high << 4 | low {
        0 => Err(error(at, Fault::Nul)),
        b'/' if part == Part::Path => Err(error(at, Fault::Slash)),
        byte => Ok(byte),
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

fn error(offset: usize, fault: Fault) -> EncodingError {
    EncodingError { offset, fault }
}

/// Appends a text, with everything escaped that is not unreserved.
pub(crate) fn encode(text: &str, target: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            target.push(char::from(byte));
        } else {
            target.push('%');
            target.push(char::from(DIGITS[usize::from(byte >> 4)]));
            target.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, part: Part, expected: Result<&str, usize>) {
        let decoded = decode(text, part);
        let decoded = decoded.as_deref().map_err(|error| error.offset);
        assert_eq!(decoded, expected, "{text:?} in {part:?}");
    }

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(
            decode("/v2/team/app/manifests/v1", Part::Path),
            Ok(Cow::Borrowed(_))
        ));
    }

    #[test]
    fn escapes_are_undone_once() {
        check("sha256%3Aab", Part::Path, Ok("sha256:ab"));
        check("%2525", Part::Path, Ok("%25"));
        check("a%2fb", Part::Query, Ok("a/b"));
        check("image+json", Part::Query, Ok("image+json"));
        check("%C3%A9", Part::Path, Ok("é"));
    }

    #[test]
    fn hazard_21_dangerous_escapes_are_refused() {
        check("/v2/a%2Fb", Part::Path, Err(5));
        check("/v2/a%2fb", Part::Path, Err(5));
        check("a%00b", Part::Path, Err(1));
        check("a%00b", Part::Query, Err(1));
        check("a%ff", Part::Path, Err(1));
        check("a%", Part::Path, Err(1));
        check("a%2", Part::Path, Err(1));
        check("a%+2", Part::Path, Err(1));
    }

    #[test]
    fn encoding_is_undone_by_decoding() {
        let text = "a b/c?d&e=f#g%h\u{e9}";
        let mut encoded = String::new();
        encode(text, &mut encoded);
        assert_eq!(encoded, "a%20b%2Fc%3Fd%26e%3Df%23g%25h%C3%A9");
        assert_eq!(decode(&encoded, Part::Query).as_deref(), Ok(text));
    }
}
