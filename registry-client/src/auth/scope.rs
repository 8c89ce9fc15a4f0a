//! What a token is asked for.

use registry_core::RepositoryName;

/// The scopes of a request, sorted, without duplicates: two requests that need the same share a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Scopes(Vec<String>);

impl Scopes {
    /// Reading a repository.
    pub(crate) fn pull(name: &RepositoryName) -> Self {
        Self(vec![format!("repository:{name}:pull")])
    }

    /// Writing to a repository; what is written is also looked for, so reading is part of it.
    pub(crate) fn push(name: &RepositoryName) -> Self {
        Self(vec![format!("repository:{name}:pull,push")])
    }

    /// Deleting from a repository.
    pub(crate) fn delete(name: &RepositoryName) -> Self {
        Self(vec![format!("repository:{name}:delete")])
    }

    /// Listing the repositories.
    pub(crate) fn catalog() -> Self {
        Self(vec!["registry:catalog:*".to_owned()])
    }

    /// These scopes and more.
    pub(crate) fn and(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.0.extend(more);
        self.0.sort_unstable();
        self.0.dedup();
        self
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl IntoIterator for Scopes {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
