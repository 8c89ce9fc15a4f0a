//! Percent-encoding of a value in a query.

use std::borrow::Cow;
use std::fmt::Write;

/// The value with every byte encoded that has a meaning in a query. Digests, scopes and media types
/// stay readable, except for `+`, which many servers read as a space.
pub(crate) fn encode(value: &str) -> Cow<'_, str> {
    if value.bytes().all(is_plain) {
        return Cow::Borrowed(value);
    }
    let mut encoded = String::with_capacity(value.len() + 8);
    for byte in value.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    Cow::Owned(encoded)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b',' | b'*' | b'@'
        )
}
