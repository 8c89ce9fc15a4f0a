//! Tags.

use std::sync::Arc;

use crate::text::text_type;

/// A tag: a name that a repository gives to a manifest, e.g. `latest` or `v1.2`.
///
/// - It is one letter, digit or `_`, then at most 127 letters, digits, `.`, `_` and `-`.
/// - Equality, order and hash are those of the text. A clone is a reference count.
///
/// ```
/// use registry_core::Tag;
///
/// assert_eq!(Tag::parse("v1.2")?.as_str(), "v1.2");
/// assert!(Tag::parse(".hidden").is_err());
/// # Ok::<(), registry_core::ParseTagError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

/// A text is not a tag: the reason, and the byte it stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a tag, at byte {offset}: {fault}")]
pub struct ParseTagError {
    offset: usize,
    fault: TagFault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum TagFault {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than 128 characters")]
    TooLong,
    #[error("it must begin with a letter, a digit or '_', not {0:?}")]
    First(char),
    #[error("{0:?} is not allowed; use letters, digits, '.', '_' and '-'")]
    Character(char),
}

text_type!(Tag, ParseTagError, "a tag");

impl Tag {
    /// The longest tag, in bytes.
    pub const MAX_LENGTH: usize = 128;

    /// Parses a tag.
    ///
    /// # Errors
    /// Says what is not a tag and at which byte.
    pub fn parse(text: &str) -> Result<Self, ParseTagError> {
        match fault(text) {
            Some((offset, fault)) => Err(ParseTagError { offset, fault }),
            None => Ok(Self(text.into())),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ParseTagError {
    /// The byte of the text at which it stops being a tag.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

fn fault(text: &str) -> Option<(usize, TagFault)> {
    let Some(first) = text.chars().next() else {
        return Some((0, TagFault::Empty));
    };
    if text.len() > Tag::MAX_LENGTH {
        return Some((Tag::MAX_LENGTH, TagFault::TooLong));
    }
    if !first.is_ascii_alphanumeric() && first != '_' {
        return Some((0, TagFault::First(first)));
    }
    let (offset, found) = text.char_indices().find(|(_, c)| !is_allowed(*c))?;
    Some((offset, TagFault::Character(found)))
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;

    fn refused(text: &str, offset: usize, message: &str) {
        let error = Tag::parse(text).unwrap_err();
        assert_eq!(error.offset(), offset, "{text}: {error}");
        assert!(error.to_string().contains(message), "{text}: {error}");
    }

    #[test]
    fn what_is_no_tag_is_refused_where_it_ends_to_be_one() {
        refused("", 0, "empty");
        refused(".a", 0, "begin with");
        refused("-a", 0, "not '-'");
        refused("a:b", 1, "':' is not allowed");
        refused("a/b", 1, "'/' is not allowed");
        refused("a b", 1, "' ' is not allowed");
        refused("v1\u{ff0e}2", 2, "is not allowed");
        refused(&"a".repeat(129), 128, "longer than 128");
    }

    #[test]
    fn a_tag_reads_and_prints_as_its_text() {
        let tag = Tag::parse("_V1.2-rc").unwrap();
        assert_eq!(
            format!("{tag} {tag:?} {tag:>9}"),
            "_V1.2-rc _V1.2-rc  _V1.2-rc"
        );
        assert_eq!("_V1.2-rc".parse::<Tag>().unwrap(), tag);
        assert_eq!(Tag::try_from("_V1.2-rc".to_owned()).unwrap(), tag);
        assert!(serde_json::from_str::<Tag>("\".\"").is_err());
        assert!(serde_json::from_str::<Tag>("7").is_err());
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn every_tag_of_the_grammar_parses(text in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}") {
            prop_assert_eq!(Tag::parse(&text).unwrap().to_string(), text);
        }
    }
}
