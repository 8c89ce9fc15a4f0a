//! The grammar of a media type, without its parameters.
//!
//! ```text
//! media-type ::= name "/" name
//! name       ::= [a-zA-Z0-9] [a-zA-Z0-9!#$&^_.+-]*
//! ```

use super::MediaType;
use super::error::MediaTypeFault;

/// What keeps the text from being a media type, and at which byte.
pub(super) fn fault(essence: &str) -> Option<(usize, MediaTypeFault)> {
    if essence.is_empty() {
        return Some((0, MediaTypeFault::Empty));
    }
    if essence.len() > MediaType::MAX_LENGTH {
        return Some((MediaType::MAX_LENGTH, MediaTypeFault::TooLong));
    }
    let Some((kind, subtype)) = essence.split_once('/') else {
        return Some((essence.len(), MediaTypeFault::NoSlash));
    };
    let within = |start, part| part_fault(part).map(|(offset, fault)| (start + offset, fault));
    within(0, kind).or_else(|| within(kind.len() + 1, subtype))
}

/// What keeps a part from being a restricted name of RFC 6838.
fn part_fault(part: &str) -> Option<(usize, MediaTypeFault)> {
    if !part.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Some((0, MediaTypeFault::First));
    }
    let (offset, found) = part.char_indices().find(|(_, c)| !is_restricted(*c))?;
    Some((offset, MediaTypeFault::Character(found)))
}

fn is_restricted(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(
            character,
            '!' | '#' | '$' | '&' | '-' | '^' | '_' | '.' | '+'
        )
}
