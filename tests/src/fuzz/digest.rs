//! Digests, and the states of their hashers.

use std::sync::LazyLock;

use regex::Regex;
use registry_core::{Algorithms, Digest, DigestAlgorithm, HashState};

/// The grammar as the OCI image specification prints it.
static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A[a-z0-9]+([+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+\z").expect("the grammar is a regex")
});

/// What the specification says of its two registered algorithms.
static REGISTERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})\z").expect("the grammar is a regex")
});

/// Parses the bytes as a digest, hashes them in two parts, and restores them as a hasher's state.
///
/// # Panics
/// When a promise of [`Digest`] or of the algorithms does not hold for them.
pub fn digest(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        parse(text);
    }
    let algorithms = Algorithms::standard();
    for name in algorithms.names() {
        let algorithm = algorithms.get(name).expect("it is in the set");
        let digest = hash_in_two(algorithm.as_ref(), data);
        assert_eq!(algorithms.verify(&digest, data), Ok(()));
        assert!(algorithms.accepts(&digest));
        restore(algorithm.as_ref(), data);
    }
}

fn parse(text: &str) {
    let parsed = Digest::parse(text);
    assert_eq!(parsed.is_ok(), is_grammatical(text), "{parsed:?}");
    match parsed {
        Ok(digest) => {
            super::reads_back(&digest, text);
            assert_eq!(format!("{}:{}", digest.algorithm(), digest.encoded()), text);
            assert_eq!(
                Algorithms::standard().accepts(&digest),
                REGISTERED.is_match(text)
            );
        }
        Err(error) => {
            super::is_presentable(&error);
            assert!(error.offset() <= text.len());
        }
    }
}

fn is_grammatical(text: &str) -> bool {
    let registered = text.starts_with("sha256:") || text.starts_with("sha512:");
    text.len() <= Digest::MAX_LENGTH
        && GRAMMAR.is_match(text)
        && (!registered || REGISTERED.is_match(text))
}

/// The digest by way of a saved state, at a place that the content itself chooses.
fn hash_in_two(algorithm: &dyn DigestAlgorithm, content: &[u8]) -> Digest {
    let cut = content
        .first()
        .map_or(0, |first| usize::from(*first).min(content.len()));
    let mut hasher = algorithm.hasher();
    hasher.update(&content[..cut]);
    let mut hasher = algorithm
        .restore(&hasher.save())
        .expect("its own state is known");
    hasher.update(&content[cut..]);
    hasher.finish()
}

/// A state that is restored saves as the same state.
fn restore(algorithm: &dyn DigestAlgorithm, data: &[u8]) {
    let HashState { format, .. } = algorithm.hasher().save();
    let state = HashState {
        format,
        bytes: data.to_vec(),
    };
    if let Ok(hasher) = algorithm.restore(&state) {
        assert_eq!(hasher.save(), state);
    }
}
