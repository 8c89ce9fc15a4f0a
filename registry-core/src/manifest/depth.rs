//! How deep JSON nests, found without parsing it.

/// Whether objects and arrays nest deeper than `limit`.
///
/// Fields that the registry ignores are served again, so their depth counts too, for the clients'
/// sake. Text that is not JSON gets an answer as well; the parser refuses it afterwards.
pub(super) fn exceeds(text: &str, limit: usize) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}
