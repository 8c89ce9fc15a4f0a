//! Ranges of bytes.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use registry_server::fuzzing;

/// The form of a chunk's range as the OCI distribution specification prints it.
static CHUNK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\A[0-9]+-[0-9]+\z").expect("the form is a regex"));

/// Reads the bytes as a `Range` header, for content of several sizes, and as a chunk's
/// `Content-Range`.
///
/// # Panics
/// When they get what is not there, or twice what is.
pub fn range(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for size in [0, 1, 2048, u64::MAX] {
        parts(&fuzzing::ranges(text, size), size);
    }
    if let Some(range) = fuzzing::chunk_range(text) {
        assert!(CHUNK.is_match(text) && !range.is_empty());
        assert_eq!(fuzzing::chunk_range(&shown(&range)), Some(range));
    }
}

fn parts(ranges: &[Range<u64>], size: u64) {
    let whole = matches!(ranges, [only] if *only == (0..size));
    assert!(ranges.len() <= 16);
    assert!(whole || ranges.iter().all(|it| !it.is_empty() && it.end <= size));
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| range.start);
    assert!(sorted.windows(2).all(|pair| pair[0].end <= pair[1].start));
}

fn shown(range: &Range<u64>) -> String {
    format!("{}-{}", range.start, range.end - 1)
}
