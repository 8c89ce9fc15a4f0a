//! Parts of a repository's canonical name, as databases keep them.

use registry_core::RepositoryName;

/// The text of the namespace that a repository lives in.
pub(crate) fn namespace_of(name: &RepositoryName) -> &str {
    match name.as_str().split_once('/') {
        Some((namespace, _)) => namespace,
        None => "library",
    }
}

/// Whether a name has one component, and so another place among the canonical names than its text.
pub(crate) fn is_bare(name: &RepositoryName) -> bool {
    !name.as_str().contains('/')
}
