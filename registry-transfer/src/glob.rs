//! Patterns of names.
//!
//! `*` and `?` stay within one component of a name, `**` crosses them, as in the ignore files that
//! everybody knows. A crate for file globs was the alternative; it would bring classes, braces and
//! escapes, which no name of a repository or tag has a use for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A pattern of names, e.g. `library/*` or `v1.?`.
///
/// - `*` is any run of characters but `/`, `?` is one of them, `**` is any run at all.
/// - Everything else stands for itself, and the whole name must match.
/// - Matching takes at most time in proportion to pattern times name.
///
/// ```
/// use registry_transfer::Glob;
///
/// let glob = Glob::parse("library/*")?;
/// assert!(glob.matches("library/app"));
/// assert!(!glob.matches("library/app/cache"));
/// assert!(Glob::parse("library/**")?.matches("library/app/cache"));
/// # Ok::<(), registry_transfer::ParseGlobError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Character(char),
    One,
    Component,
    Anything,
}

/// A text is not a pattern of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseGlobError {
    /// It would match nothing.
    #[error("the pattern is empty: leave it out to take everything")]
    Empty,
    /// It is longer than any use of it.
    #[error("the pattern is longer than {} characters", Glob::MAX_LENGTH)]
    TooLong,
    /// A character that no name has.
    #[error("{0:?} is in no name of a repository or tag; patterns know '*', '**' and '?'")]
    Character(char),
}

impl Glob {
    /// The longest pattern, in bytes.
    pub const MAX_LENGTH: usize = 512;

    /// Parses a pattern.
    ///
    /// # Errors
    /// Where it is empty, too long, or has characters that are in no name.
    pub fn parse(text: &str) -> Result<Self, ParseGlobError> {
        if text.is_empty() {
            return Err(ParseGlobError::Empty);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(ParseGlobError::TooLong);
        }
        if let Some(wrong) = text.chars().find(|found| !is_allowed(*found)) {
            return Err(ParseGlobError::Character(wrong));
        }
        Ok(Self {
            text: text.to_owned(),
            pieces: pieces(text),
        })
    }

    /// The text of the pattern.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole name matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        // Which numbers of pieces may be used up by what was read of the name.
        let mut reached = vec![false; self.pieces.len() + 1];
        reached[0] = true;
        self.skip(&mut reached);
        for character in name.chars() {
            reached = self.advance(&reached, character);
        }
        reached.last() == Some(&true)
    }

    fn advance(&self, reached: &[bool], character: char) -> Vec<bool> {
        let mut next = vec![false; reached.len()];
        for (index, piece) in self.pieces.iter().enumerate() {
            if !reached[index] {
                continue;
            }
            match piece {
                Piece::Character(wanted) => next[index + 1] |= *wanted == character,
                Piece::One => next[index + 1] |= character != '/',
                Piece::Component => next[index] |= character != '/',
                Piece::Anything => next[index] = true,
            }
        }
        self.skip(&mut next);
        next
    }

    /// What may be empty may be left out.
    fn skip(&self, reached: &mut [bool]) {
        for (index, piece) in self.pieces.iter().enumerate() {
            let optional = matches!(piece, Piece::Component | Piece::Anything);
            reached[index + 1] |= reached[index] && optional;
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Glob {
    type Err = ParseGlobError;

    fn from_str(text: &str) -> Result<Self, ParseGlobError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Glob {
    type Error = ParseGlobError;

    fn try_from(text: String) -> Result<Self, ParseGlobError> {
        Self::parse(&text)
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.text
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for character in text.chars() {
        match (character, pieces.last_mut()) {
            ('*', Some(last @ (Piece::Component | Piece::Anything))) => *last = Piece::Anything,
            ('*', _) => pieces.push(Piece::Component),
            ('?', _) => pieces.push(Piece::One),
            (other, _) => pieces.push(Piece::Character(other)),
        }
    }
    pieces
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '*' | '?' | '/' | '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;

    fn matches(pattern: &str, name: &str) -> bool {
        Glob::parse(pattern).unwrap().matches(name)
    }

    #[test]
    fn one_star_stays_within_a_component() {
        assert!(matches("*", "app") && matches("a*p", "ap") && matches("*/app", "team/app"));
        assert!(!matches("*", "team/app") && !matches("team*", "team/app"));
    }

    #[test]
    fn two_stars_cross_components() {
        assert!(matches("**", "a/b/c") && matches("a/**", "a/b/c") && matches("**c", "a/b/c"));
        assert!(!matches("a/**", "b/a/c"));
    }

    #[test]
    fn a_question_mark_is_one_character() {
        assert!(matches("v?", "v1"));
        assert!(!matches("v?", "v") && !matches("v?", "v10") && !matches("a?b", "a/b"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert_eq!(Glob::parse(""), Err(ParseGlobError::Empty));
        assert_eq!(Glob::parse("a b"), Err(ParseGlobError::Character(' ')));
        assert_eq!(Glob::parse(&"a".repeat(513)), Err(ParseGlobError::TooLong));
        assert!(serde_json::from_str::<Glob>("\"[a]\"").is_err());
    }

    #[test]
    fn a_pattern_of_stars_alone_does_not_take_for_ever() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
        assert!(matches(&"*a".repeat(200), &"a".repeat(255)));
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn a_name_matches_itself_alone(name in "[a-z0-9._/-]{1,40}", other in "[a-z0-9._/-]{1,40}") {
            prop_assert!(matches(&name, &name));
            prop_assert_eq!(matches(&name, &other), name == other);
        }

        #[test]
        fn a_star_in_place_of_a_part_still_matches(
            head in "[a-z/]{0,12}", part in "[a-z0-9]{0,12}", tail in "[a-z/]{0,12}",
        ) {
            let name = format!("{head}{part}{tail}");
            for stars in ["*", "**"] {
                let pattern = format!("{head}{stars}{tail}");
                prop_assert!(matches(&pattern, &name), "{} {}", pattern, name);
            }
        }

        #[test]
        fn a_pattern_prints_as_its_text(text in "[a-z*?/.]{1,40}") {
            let glob = Glob::parse(&text).unwrap();
            let json = serde_json::to_string(&glob).unwrap();
            prop_assert_eq!(serde_json::from_str::<Glob>(&json).unwrap(), glob.clone());
            prop_assert_eq!(glob.to_string(), text);
        }
    }
}
