//! The fuzz targets' checks, over the committed seeds and a bounded number of edits of them.
//!
//! The same path on every machine; `PROPTEST_RNG_SEED` chooses another, `PROPTEST_CASES` a longer one.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use registry_tests::fuzz;

/// One change of a seed, as a mutating fuzzer makes them.
#[derive(Debug, Clone)]
enum Edit {
    Remove {
        from: Index,
        length: usize,
    },
    Insert {
        at: Index,
        bytes: Vec<u8>,
    },
    Repeat {
        from: Index,
        length: usize,
        times: usize,
    },
}

#[test]
fn names() {
    explore("name", fuzz::repository_name);
}

#[test]
fn digests() {
    explore("digest", fuzz::digest);
}

#[test]
fn references() {
    explore("reference", fuzz::reference);
}

#[test]
fn manifests() {
    explore("manifest", fuzz::manifest);
}

#[test]
fn ranges() {
    explore("range", fuzz::range);
}

#[test]
fn headers() {
    explore("accept", fuzz::accept);
    explore("entity_tags", fuzz::entity_tags);
    explore("link", fuzz::link);
}

#[test]
fn paths() {
    explore("path", fuzz::path);
}

#[test]
fn requests() {
    explore("router", fuzz::router);
}

/// Runs a check on no bytes, on every seed, on edited seeds, and on noise.
fn explore(target: &str, check: fn(&[u8])) {
    let seeds = seeds(target);
    check(b"");
    seeds.iter().for_each(|seed| check(seed));
    let input = prop_oneof![
        4 => (select(seeds), vec(edit(), 1..4)).prop_map(|(seed, edits)| apply(seed, &edits)),
        1 => vec(any::<u8>(), 0..300),
    ];
    TestRunner::new(config())
        .run(&input, |bytes| {
            check(&bytes);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{target}: {failure}"));
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no seeds in {}", folder.display());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn config() -> Config {
    let chosen = Config::default();
    let rng_seed = match chosen.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        fixed @ RngSeed::Fixed(_) => fixed,
    };
    let cases = chosen.cases.max(2_000);
    Config {
        cases,
        rng_seed,
        failure_persistence: None,
        ..chosen
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let length = 1_usize..20;
    let bytes = prop_oneof![
        "[a-zA-Z0-9:/._=+ -]{1,4}".prop_map(String::into_bytes),
        "\\.{1,4}|_{1,4}|-{1,4}".prop_map(String::into_bytes),
        "[\\[\\]{}\",:\\\\0-9e.-]{1,4}".prop_map(String::into_bytes),
        select(
            &[
                "null",
                "[]",
                "{}",
                "-1",
                "\"\"",
                "9223372036854775808",
                "\u{e9}",
                "\0",
                "sha512:"
            ][..]
        )
        .prop_map(|token| token.as_bytes().to_vec()),
        vec(any::<u8>(), 1..3),
    ];
    prop_oneof![
        (any::<Index>(), length.clone()).prop_map(|(from, length)| Edit::Remove { from, length }),
        (any::<Index>(), bytes).prop_map(|(at, bytes)| Edit::Insert { at, bytes }),
        (any::<Index>(), length, 2_usize..40).prop_map(|(from, length, times)| Edit::Repeat {
            from,
            length,
            times
        }),
    ]
}

fn apply(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        match edit {
            Edit::Remove { from, length } => {
                bytes.drain(range(&bytes, from, *length));
            }
            Edit::Insert { at, bytes: new } => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, new.iter().copied());
            }
            Edit::Repeat {
                from,
                length,
                times,
            } => {
                let range = range(&bytes, from, *length);
                let repeated = bytes[range.clone()].repeat(*times);
                bytes.splice(range, repeated);
            }
        }
    }
    bytes
}

fn range(bytes: &[u8], from: &Index, length: usize) -> std::ops::Range<usize> {
    let from = from.index(bytes.len() + 1);
    from..(from + length).min(bytes.len())
}
