//! The grammar of a name, checked in one pass without backtracking.
//!
//! ```text
//! name      ::= component ("/" component)*
//! component ::= [a-z0-9]+ (separator [a-z0-9]+)*
//! separator ::= "." | "_" | "__" | "-"+
//! ```

use super::error::{NameFault, ParseNameError};

/// The longest name in bytes; many clients limit host and name together to this.
pub(super) const MAX_LENGTH: usize = 255;

/// What a canonical name has before a name of one component.
pub(super) const LIBRARY_PREFIX: &str = "library/";

/// Checks a whole name. One of a single component leaves room for its namespace, so that its canonical
/// form is a name too.
pub(super) fn check_name(text: &str) -> Result<(), ParseNameError> {
    let reserved = if text.contains('/') {
        0
    } else {
        LIBRARY_PREFIX.len()
    };
    check(text, MAX_LENGTH - reserved)
}

/// Checks a name of one component, which may be the first of a longer name.
pub(super) fn check_one(text: &str) -> Result<(), ParseNameError> {
    match text.find('/') {
        Some(offset) => Err(ParseNameError::new(offset, NameFault::Slash)),
        None => check(text, MAX_LENGTH),
    }
}

/// Where upper case is all that is wrong, the error names the lower-case name.
fn check(text: &str, limit: usize) -> Result<(), ParseNameError> {
    let Err(error) = check_lower(text, limit) else {
        return Ok(());
    };
    let upper = text.as_bytes().get(error.offset());
    if !upper.is_some_and(u8::is_ascii_uppercase) {
        return Err(error);
    }
    let lower = text.to_ascii_lowercase();
    Err(match check_lower(&lower, limit) {
        Ok(()) => error.proposing(lower),
        Err(_) => error,
    })
}

fn check_lower(text: &str, limit: usize) -> Result<(), ParseNameError> {
    if text.is_empty() {
        return Err(ParseNameError::new(0, NameFault::Empty));
    }
    if text.len() > limit {
        return Err(ParseNameError::new(limit, NameFault::TooLong { limit }));
    }
    let mut start = 0;
    for component in text.split('/') {
        check_component(component)
            .map_err(|(offset, fault)| ParseNameError::new(start + offset, fault))?;
        start += component.len() + 1;
    }
    Ok(())
}

/// Checks one component; an error's offset is within it.
fn check_component(component: &str) -> Result<(), (usize, NameFault)> {
    if component.is_empty() {
        return Err((0, NameFault::EmptyComponent));
    }
    if let Some((offset, character)) = component.char_indices().find(|(_, c)| !is_allowed(*c)) {
        return Err((offset, NameFault::Character(character)));
    }
    check_separators(component.as_bytes())
}

/// Checks that every run of separators is whole and stands between letters or digits.
fn check_separators(bytes: &[u8]) -> Result<(), (usize, NameFault)> {
    let mut start = 0;
    for run in bytes.chunk_by(|a, b| is_separator(*a) == is_separator(*b)) {
        let end = start + run.len();
        if is_separator(run[0]) {
            if start == 0 || end == bytes.len() {
                return Err((start, NameFault::Edge));
            }
            if !is_whole_separator(run) {
                return Err((start, NameFault::Separator));
            }
        }
        start = end;
    }
    Ok(())
}

fn is_allowed(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '.' | '_' | '-')
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'.' | b'_' | b'-')
}

fn is_whole_separator(run: &[u8]) -> bool {
    matches!(run, b"." | b"_" | b"__") || run.iter().all(|byte| *byte == b'-')
}
