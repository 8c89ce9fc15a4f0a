//! The id of an upload session.

use std::sync::Arc;

use crate::text::text_type;

/// The id of an upload session, as it stands in a Location.
///
/// Opaque: what it says, and who signed it, is the business of the engine that made it.
///
/// - It has 1 to 255 of the characters `A-Z a-z 0-9 _ - . ~ =`, which need no escape in a path.
/// - It is not `.` or `..`, which a proxy or client would take for a step in the path.
///
/// ```
/// use registry_core::UploadId;
///
/// assert_eq!(UploadId::parse("b2JzY3VyZQ==")?.as_str(), "b2JzY3VyZQ==");
/// assert!(UploadId::parse("../other").is_err());
/// # Ok::<(), registry_core::ParseUploadIdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(Arc<str>);

/// A text is not the id of an upload: the reason, and the byte it stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an upload id, at byte {offset}: {fault}; use the Location as it was given")]
pub struct ParseUploadIdError {
    offset: usize,
    fault: UploadIdFault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum UploadIdFault {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than 255 characters")]
    TooLong,
    #[error("it is a step in the path")]
    Dots,
    #[error("{0:?} is not allowed")]
    Character(char),
}

text_type!(UploadId, ParseUploadIdError, "an upload id");

impl UploadId {
    /// The longest id, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// Parses an id.
    ///
    /// # Errors
    /// Says what is not an id and at which byte.
    pub fn parse(text: &str) -> Result<Self, ParseUploadIdError> {
        match fault(text) {
            Some((offset, fault)) => Err(ParseUploadIdError { offset, fault }),
            None => Ok(Self(text.into())),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ParseUploadIdError {
    /// The byte of the text at which it stops being an id.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

fn fault(text: &str) -> Option<(usize, UploadIdFault)> {
    if text.is_empty() {
        return Some((0, UploadIdFault::Empty));
    }
    if text.len() > UploadId::MAX_LENGTH {
        return Some((UploadId::MAX_LENGTH, UploadIdFault::TooLong));
    }
    if text == "." || text == ".." {
        return Some((0, UploadIdFault::Dots));
    }
    let (offset, found) = text.char_indices().find(|(_, c)| !is_allowed(*c))?;
    Some((offset, UploadIdFault::Character(found)))
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '~' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, offset: usize, message: &str) {
        let error = UploadId::parse(text).unwrap_err();
        assert_eq!(error.offset(), offset, "{text}: {error}");
        assert!(error.to_string().contains(message), "{text}: {error}");
    }

    #[test]
    fn every_character_that_needs_no_escape_is_allowed() {
        for text in ["a", "...", "~=-_.Z9", &"x".repeat(255)] {
            assert_eq!(UploadId::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn hazard_21_what_leaves_the_path_is_refused() {
        refused("", 0, "empty");
        refused(".", 0, "step in the path");
        refused("..", 0, "step in the path");
        refused("a/b", 1, "'/' is not allowed");
        refused("a%2f", 1, "'%' is not allowed");
        refused("a\0", 1, "is not allowed");
        refused(&"x".repeat(256), 255, "longer than 255");
    }
}
