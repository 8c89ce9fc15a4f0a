//! Ranges of bytes: those a reader asks for, and the one a chunk of an upload says it is.
//!
//! What cannot be read as a range is ignored, as RFC 9110 wants it, and the whole content is sent.
//! One departure: a range whose end lies before its start is answered 416 rather than ignored,
//! because that is what the conformance tests of OCI expect.

use std::ops::Range;

use http::{HeaderMap, header::RANGE};

/// More ranges than this, or ranges that overlap, are not worth the work: the whole is sent.
const MAX_RANGES: usize = 16;

/// What of some content a request asks for. No range is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ranges {
    /// All of it.
    Whole,
    /// One part.
    One(Range<u64>),
    /// Several parts that do not overlap, in the order asked for.
    Many(Vec<Range<u64>>),
    /// Nothing that there is.
    Unsatisfiable,
}

impl Ranges {
    /// What a request asks of content of that size.
    pub(crate) fn of(headers: &HeaderMap, size: u64) -> Self {
        let mut values = headers.get_all(RANGE).iter();
        match (values.next().map(|value| value.to_str()), values.next()) {
            (Some(Ok(value)), None) => Self::parse(value, size),
            _ => Self::Whole,
        }
    }

    /// Reads a `Range` header for content of that size.
    pub(crate) fn parse(value: &str, size: u64) -> Self {
        match bytes_unit(value).map(|set| resolve_all(set, size)) {
            Some(Some(ranges)) => Self::from_resolved(ranges),
            _ => Self::Whole,
        }
    }

    fn from_resolved(mut ranges: Vec<Range<u64>>) -> Self {
        if overlap(&ranges) {
            return Self::Whole;
        }
        match ranges.len() {
            0 => Self::Unsatisfiable,
            1 => Self::One(ranges.remove(0)),
            _ => Self::Many(ranges),
        }
    }
}

/// The set of ranges after `bytes=`.
fn bytes_unit(value: &str) -> Option<&str> {
    let (unit, set) = value.split_once('=')?;
    unit.trim().eq_ignore_ascii_case("bytes").then_some(set)
}

/// The parts that exist; none where the set is malformed or too long.
fn resolve_all(set: &str, size: u64) -> Option<Vec<Range<u64>>> {
    let specs = set.split(',').map(str::trim_ascii);
    let specs: Vec<_> = specs.filter(|spec| !spec.is_empty()).collect();
    if specs.is_empty() || specs.len() > MAX_RANGES {
        return None;
    }
    let mut ranges = Vec::with_capacity(specs.len());
    for spec in specs {
        ranges.extend(resolve(spec, size)?);
    }
    Some(ranges)
}

/// One part: none where it is malformed, an inner none where there is no such part.
fn resolve(spec: &str, size: u64) -> Option<Option<Range<u64>>> {
    let (first, last) = spec.split_once('-')?;
    let range = match (first, last) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => number(first)?..number(last)?.saturating_add(1).min(size),
    };
    Some(Some(range).filter(|range| range.start < range.end))
}

fn overlap(ranges: &[Range<u64>]) -> bool {
    let mut sorted: Vec<_> = ranges.iter().collect();
    sorted.sort_unstable_by_key(|range| range.start);
    sorted.windows(2).any(|pair| pair[0].end > pair[1].start)
}

/// A number of decimal digits; one too large for any content is as good as the largest.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// Reads the `Content-Range` of a chunk, `<first>-<last>` and nothing else. The range is not empty.
pub(crate) fn chunk_range(value: &str) -> Option<Range<u64>> {
    let (first, last) = value.split_once('-')?;
    let range = number(first)?..number(last)?.checked_add(1)?;
    (range.start < range.end).then_some(range)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(value: &str, size: u64, expected: Ranges) {
        assert_eq!(Ranges::parse(value, size), expected, "{value:?} of {size}");
    }

    #[test]
    fn one_range() {
        check("bytes=500-1499", 2048, Ranges::One(500..1500));
        check("bytes=500-", 2048, Ranges::One(500..2048));
        check("bytes=-500", 2048, Ranges::One(1548..2048));
        check("bytes=-5000", 2048, Ranges::One(0..2048));
        check("bytes=2000-5000", 2048, Ranges::One(2000..2048));
        check("bytes=0-0", 2048, Ranges::One(0..1));
        check("Bytes = 0-0", 2048, Ranges::One(0..1));
        check("bytes=0-99999999999999999999", 2048, Ranges::One(0..2048));
    }

    #[test]
    fn nothing_there_is() {
        for value in [
            "bytes=5000-10000",
            "bytes=2048-",
            "bytes=-0",
            "bytes=500-0",
            "bytes=9-8,5000-",
            "bytes=99999999999999999999-",
        ] {
            check(value, 2048, Ranges::Unsatisfiable);
        }
        check("bytes=0-", 0, Ranges::Unsatisfiable);
        check("bytes=-1", 0, Ranges::Unsatisfiable);
    }

    #[test]
    fn what_is_no_range_is_ignored() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=1-2-3",
            "bytes=+1-2",
            "bytes=0x1-2",
            "bytes=1-2,x",
            "items=0-1",
        ] {
            check(value, 2048, Ranges::Whole);
        }
    }

    #[test]
    fn several_ranges() {
        check("bytes=0-1, 4-5", 9, Ranges::Many(vec![0..2, 4..6]));
        check("bytes=4-5,,0-1", 9, Ranges::Many(vec![4..6, 0..2]));
        check("bytes=0-1,2-3", 9, Ranges::Many(vec![0..2, 2..4]));
        check("bytes=0-1,50-60", 9, Ranges::One(0..2));
        check("bytes=0-4,2-5", 9, Ranges::Whole);
        check("bytes=0-,-1", 9, Ranges::Whole);
    }

    #[test]
    fn hazard_32_too_many_ranges_are_ignored() {
        let set = |count: u64| {
            let specs: Vec<_> = (0..count).map(|i| format!("{}-{}", 2 * i, 2 * i)).collect();
            format!("bytes={}", specs.join(","))
        };
        assert!(matches!(Ranges::parse(&set(16), 100), Ranges::Many(_)));
        check(&set(17), 100, Ranges::Whole);
    }

    #[test]
    fn only_one_header_is_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(Ranges::of(&headers, 9), Ranges::Whole);
        headers.append(RANGE, "bytes=0-0".parse().unwrap());
        assert_eq!(Ranges::of(&headers, 9), Ranges::One(0..1));
        headers.append(RANGE, "bytes=0-0".parse().unwrap());
        assert_eq!(Ranges::of(&headers, 9), Ranges::Whole);
    }

    #[test]
    fn a_chunk_says_where_it_stands() {
        assert_eq!(chunk_range("0-511"), Some(0..512));
        assert_eq!(chunk_range("7-7"), Some(7..8));
        for value in [
            "",
            "-",
            "0-",
            "-1",
            "5-4",
            "bytes 0-1",
            "0-1/2",
            "0 - 1",
            "+0-1",
            "0-99999999999999999999",
        ] {
            assert_eq!(chunk_range(value), None, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn every_answer_lies_within_the_content(value in "bytes=[0-9,\\- ]{0,40}", size in 0..100u64) {
            let within = |range: &Range<u64>| range.start < range.end && range.end <= size;
            match Ranges::parse(&value, size) {
                Ranges::One(range) => prop_assert!(within(&range)),
                Ranges::Many(ranges) => {
                    prop_assert!(ranges.len() > 1 && ranges.len() <= MAX_RANGES);
                    prop_assert!(ranges.iter().all(within) && !overlap(&ranges));
                }
                Ranges::Whole | Ranges::Unsatisfiable => {}
            }
        }
    }
}
