//! The journal beside the content, and databases made again from it.

mod damage;
mod lines;
mod made_again;
mod tables;
pub(crate) mod work;

use std::{fs, path::Path};

use registry_storage::{
    Durability,
    directory::{
        Directory, DirectoryOptions, RebuildError, RebuildFinding, RebuildReport, rebuild,
    },
};

pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(test);
}

/// Opens a directory of which a journal is kept.
pub(crate) fn open(path: &Path) -> Directory {
    let options = DirectoryOptions::from(Durability::Relaxed).journal(true);
    Directory::open(path, options).unwrap()
}

/// Takes the database away.
pub(crate) fn lose(path: &Path) {
    for file in [
        "metadata.sqlite",
        "metadata.sqlite-wal",
        "metadata.sqlite-shm",
    ] {
        let _ = fs::remove_file(path.join(file));
    }
}

pub(crate) fn made_again(
    path: &Path,
) -> Result<(RebuildReport, Vec<RebuildFinding>), RebuildError> {
    let mut findings = Vec::new();
    let report = rebuild(path, &mut |finding| findings.push(finding))?;
    assert_eq!(report.findings, findings.len() as u64);
    Ok((report, findings))
}

/// The segments, in order.
pub(crate) fn segments(path: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(path.join("content/journal")).unwrap();
    let mut segments: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    segments
}

/// Copies a directory and all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
