//! The name of a repository.

use std::sync::Arc;

use super::error::ParseNameError;
use super::grammar::LIBRARY_PREFIX;
use super::{Namespace, grammar};
use crate::text::text_type;

/// The name of a repository, e.g. `team/app` or `alpine`.
///
/// - It is a name by the grammar of the OCI distribution specification.
/// - Its [canonical](Self::canonical) form has at most 255 bytes; a name of one component at most 247.
/// - Any component may be any word of the grammar, also `blobs`, `manifests`, `tags` or hex digits.
/// - Equality, order and hash are those of the text, so `alpine` and `library/alpine` differ; where
///   they mean one repository, compare [`canonical`](Self::canonical) names.
/// - A clone is a reference count.
///
/// ```
/// use registry_core::RepositoryName;
///
/// let name = RepositoryName::parse("alpine")?;
/// assert_eq!(name.namespace().as_str(), "library");
/// assert_eq!(name.canonical().as_str(), "library/alpine");
///
/// let error = RepositoryName::parse("team/App").unwrap_err();
/// assert_eq!(error.proposal(), Some("team/app"));
/// # Ok::<(), registry_core::ParseNameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(Arc<str>);

text_type!(RepositoryName, ParseNameError, "a repository name");

impl RepositoryName {
    /// The longest name, in bytes.
    pub const MAX_LENGTH: usize = grammar::MAX_LENGTH;

    /// Parses a name by the OCI grammar.
    ///
    /// # Errors
    /// Says what is not a name and at which byte.
    pub fn parse(text: &str) -> Result<Self, ParseNameError> {
        grammar::check_name(text)?;
        Ok(Self(text.into()))
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The components, of which there is at least one.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The namespace it lives in: the first component, or `library` where there is only one.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        match self.0.split_once('/') {
            Some((first, _)) => Namespace::of_component(first),
            None => Namespace::library(),
        }
    }

    /// What follows the namespace: all components but the first, or the only one.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, path)| path)
    }

    /// The name with its namespace written out: `alpine` becomes `library/alpine`.
    #[must_use]
    pub fn canonical(&self) -> Self {
        if self.0.contains('/') {
            return self.clone();
        }
        Self(format!("{LIBRARY_PREFIX}{}", self.0).into())
    }
}
