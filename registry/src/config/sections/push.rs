//! What a push may do.

use registry_core::References;

use crate::config::{
    choice::choice,
    declaration::{Flag, section},
};

section! {
    /// What a push may do.
    Push = "push" {
        /// Which references of a manifest must exist when it is pushed.
        references: References = References::default(), Flag::value("references", "strict|indexes|sparse");

        /// What it may bring into being besides its content.
        create: Create = Create::Namespaces;
    }
}

choice! {
    References {
        Strict = "strict": "all of them",
        Indexes = "indexes": "all but the children of an index, which may come later or never",
        Sparse = "sparse": "none",
    }
}

/// What a push may bring into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Create {
    /// Everything.
    Namespaces,
    /// Repositories of namespaces that are there.
    Repositories,
    /// Nothing.
    Nothing,
}

choice! {
    Create {
        Namespaces = "namespaces": "namespaces and repositories",
        Repositories = "repositories": "repositories of namespaces that are there",
        Nothing = "nothing": "neither",
    }
}
