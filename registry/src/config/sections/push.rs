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
    }
}

choice! {
    References {
        Strict = "strict": "all of them",
        Indexes = "indexes": "all but the children of an index, which may come later or never",
        Sparse = "sparse": "none",
    }
}
