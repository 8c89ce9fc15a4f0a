//! The lists of the macros are whole.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A clause that no macro lists would hold nobody to anything.
#[test]
fn every_clause_is_stamped() {
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
    let stamped = fs::read_to_string(contract.join("stamp.rs")).unwrap();
    let mut clauses = 0;
    for file in sources(&contract) {
        for clause in clauses_of(&fs::read_to_string(&file).unwrap()) {
            let listed = stamped
                .lines()
                .any(|line| line.trim() == format!("{clause},"));
            assert!(listed, "{clause} in {} is not stamped", file.display());
            clauses += 1;
        }
    }
    assert!(clauses > 100, "only {clauses} clauses were found");
}

/// The names of the public async functions of a source.
fn clauses_of(source: &str) -> Vec<&str> {
    let functions = source.split("\npub async fn ").skip(1);
    functions
        .filter_map(|rest| rest.split('(').next())
        .collect()
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(path);
        }
    }
    found
}
