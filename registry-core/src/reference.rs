//! References: how a request names a manifest within a repository.

use crate::text::text_type;
use crate::{Digest, ParseDigestError, ParseTagError, Tag};

/// How a manifest is named within its repository: by tag, or by digest.
///
/// No tag contains a colon and every digest does, so a text is one or the other, never both.
///
/// ```
/// use registry_core::{Digest, Reference};
///
/// let digest = Digest::sha256(b"{}");
/// assert_eq!(Reference::parse(digest.as_str()), Ok(Reference::Digest(digest)));
/// assert!(Reference::parse("latest").unwrap().tag().is_some());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// What the tag points at.
    Tag(Tag),
    /// The manifest itself.
    Digest(Digest),
}

/// A text is neither a tag nor a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseReferenceError {
    /// It has no colon and is not a tag.
    #[error(transparent)]
    Tag(#[from] ParseTagError),
    /// It has a colon and is not a digest.
    #[error(transparent)]
    Digest(#[from] ParseDigestError),
}

text_type!(Reference, ParseReferenceError, "a tag or a digest");

impl Reference {
    /// Parses a digest where the text has a colon, otherwise a tag.
    ///
    /// # Errors
    /// Says what is not a digest, or not a tag, and at which byte.
    pub fn parse(text: &str) -> Result<Self, ParseReferenceError> {
        if text.contains(':') {
            Ok(Self::Digest(Digest::parse(text)?))
        } else {
            Ok(Self::Tag(Tag::parse(text)?))
        }
    }

    /// The text of the tag or digest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Tag(tag) => tag.as_str(),
            Self::Digest(digest) => digest.as_str(),
        }
    }

    /// The tag, if it is one.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        match self {
            Self::Tag(tag) => Some(tag),
            Self::Digest(_) => None,
        }
    }

    /// The digest, if it is one.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Tag(_) => None,
            Self::Digest(digest) => Some(digest),
        }
    }
}

impl From<Tag> for Reference {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl From<Digest> for Reference {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_makes_it_a_digest() {
        let digest = Digest::sha256(b"");
        let reference = Reference::parse(digest.as_str()).unwrap();
        assert_eq!((reference.digest(), reference.tag()), (Some(&digest), None));
        assert_eq!(reference.to_string(), digest.as_str());
        assert_eq!(reference, digest.into());
    }

    #[test]
    fn without_a_colon_it_is_a_tag() {
        let tag = Tag::parse("sha256-abc.sig").unwrap();
        let reference = Reference::parse(tag.as_str()).unwrap();
        assert_eq!((reference.digest(), reference.tag()), (None, Some(&tag)));
        assert_eq!(reference, tag.into());
    }

    #[test]
    fn the_error_is_that_of_the_part() {
        let message = |text| Reference::parse(text).unwrap_err().to_string();
        assert!(message("sha256:1").starts_with("not a digest, at byte 8"));
        assert!(message("-").starts_with("not a tag, at byte 0"));
        assert!(message("").starts_with("not a tag, at byte 0"));
    }
}
