//! References: tags and digests.

use std::sync::LazyLock;

use regex::Regex;
use registry_core::{Digest, Reference, Tag};

/// The grammar of a tag as the OCI distribution specification prints it.
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z").expect("the grammar is a regex")
});

/// Parses the bytes as a reference and as a tag.
///
/// # Panics
/// When a promise of [`Reference`] or [`Tag`] does not hold for them.
pub fn reference(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    assert_eq!(Tag::parse(text).is_ok(), TAG.is_match(text));
    match Reference::parse(text) {
        Ok(reference) => {
            super::reads_back(&reference, text);
            assert_eq!(reference.tag(), Tag::parse(text).ok().as_ref());
            assert_eq!(reference.digest(), Digest::parse(text).ok().as_ref());
        }
        Err(error) => {
            super::is_presentable(&error);
            assert!(Tag::parse(text).is_err() && Digest::parse(text).is_err());
        }
    }
}
