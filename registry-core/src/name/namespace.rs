//! The first component of a repository's name.

use std::sync::Arc;

use super::error::ParseNameError;
use super::grammar;
use crate::text::text_type;

/// A namespace: the first component of a repository's name.
///
/// - It is one component of the OCI name grammar, at most 255 bytes.
/// - Equality, order and hash are those of the text. A clone is a reference count.
///
/// ```
/// use registry_core::Namespace;
///
/// assert_eq!(Namespace::parse("team")?.as_str(), "team");
/// assert_eq!(Namespace::library().as_str(), "library");
/// assert!(Namespace::parse("team/app").is_err());
/// # Ok::<(), registry_core::ParseNameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(Arc<str>);

text_type!(Namespace, ParseNameError, "a namespace");

impl Namespace {
    /// Parses a namespace by the OCI grammar of one component.
    ///
    /// # Errors
    /// Says what is not a namespace and at which byte.
    pub fn parse(text: &str) -> Result<Self, ParseNameError> {
        grammar::check_one(text)?;
        Ok(Self(text.into()))
    }

    /// The default namespace, `library`, in which names with one component live.
    #[must_use]
    pub fn library() -> Self {
        Self::of_component("library")
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A namespace of a text that is known to be a component.
    pub(super) fn of_component(component: &str) -> Self {
        Self(component.into())
    }
}
