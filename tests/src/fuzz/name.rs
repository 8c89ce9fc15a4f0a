//! Repository names.

use std::sync::LazyLock;

use regex::Regex;
use registry_core::{NamingRules, RepositoryName};

/// The grammar as the OCI distribution specification prints it.
static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
    let component = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*";
    Regex::new(&format!(r"\A{component}(\/{component})*\z")).expect("the grammar is a regex")
});

/// Parses the bytes as a repository's name.
///
/// # Panics
/// When a promise of [`RepositoryName`] does not hold for them.
pub fn repository_name(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match RepositoryName::parse(text) {
        Ok(name) => is_name(&name, text),
        Err(error) => {
            super::is_presentable(&error);
            assert!(error.offset() <= text.len());
            assert!(!GRAMMAR.is_match(text) || canonical_length(text) > RepositoryName::MAX_LENGTH);
            if let Some(proposal) = error.proposal() {
                assert_eq!(proposal, text.to_ascii_lowercase());
                assert!(RepositoryName::parse(proposal).is_ok());
            }
        }
    }
}

fn is_name(name: &RepositoryName, text: &str) {
    super::reads_back(name, text);
    assert!(GRAMMAR.is_match(text));
    let canonical = name.canonical();
    super::reads_back(&canonical, canonical.as_str());
    super::reads_back(&name.namespace(), name.namespace().as_str());
    assert_eq!(canonical.canonical(), canonical);
    assert_eq!(canonical.namespace(), name.namespace());
    assert_eq!(
        canonical.as_str(),
        format!("{}/{}", name.namespace(), name.path())
    );
    assert_eq!(NamingRules::oci().check(name), Ok(()));
    if let Err(error) = NamingRules::managed().check(name) {
        super::is_presentable(&error);
    }
}

fn canonical_length(text: &str) -> usize {
    let prefix = if text.contains('/') { "" } else { "library/" };
    prefix.len() + text.len()
}
