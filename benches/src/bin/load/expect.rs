//! What a smoke run finds in the bodies of answers.

use registry_core::Digest;
use serde_json::Value;

use crate::failure::{Failure, Result};

pub(crate) fn same(body: &[u8], expected: &[u8]) -> Result<()> {
    ensure(body == expected, "the body is another one")
}

pub(crate) fn one_of(body: &[u8], expected: [&String; 2]) -> Result<()> {
    let found = expected.iter().any(|one| one.as_bytes() == body);
    ensure(found, "the body is another one")
}

/// The digest is compared by its own algorithm.
pub(crate) fn has_digest(body: &[u8], expected: &Digest) -> Result<()> {
    let algorithms = registry_core::Algorithms::standard();
    let (algorithm, _) = expected.as_str().split_once(':').unwrap_or_default();
    let hasher = algorithms.get(algorithm).map(|found| found.hasher());
    let found = hasher.map(|mut hasher| {
        hasher.update(body);
        hasher.finish()
    });
    ensure(
        found.as_ref() == Some(expected),
        "the body has another digest",
    )
}

/// As many items as there are, or a page of them.
pub(crate) fn lists(body: &[u8], field: &str, count: usize) -> Result<()> {
    let list: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = list[field].as_array().map_or(0, Vec::len);
    let complaint = format!("{items} {field} are listed, not {count}");
    ensure(items == count, &complaint)
}

pub(crate) fn layers(body: &[u8], count: usize, size: usize) -> Result<()> {
    lists(body, "layers", count)?;
    let manifest: Value = serde_json::from_slice(body).unwrap_or_default();
    ensure(
        manifest["layers"][0]["size"] == size,
        "a layer has another size",
    )
}

pub(crate) fn ensure(holds: bool, complaint: &str) -> Result<()> {
    match holds {
        true => Ok(()),
        false => Err(Failure::new(complaint)),
    }
}
