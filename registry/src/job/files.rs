//! What is said while many files are gone through.

use std::sync::atomic::{AtomicU64, Ordering};

use registry_storage::directory::{Counts, Progress, Told};

use super::Report;

/// Lines of progress there are at most.
const LINES: u64 = 20;

/// Tells how far it has come, now and then.
pub(crate) struct Lines<'a> {
    report: &'a dyn Report,
    told: AtomicU64,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(report: &'a dyn Report) -> Self {
        let told = AtomicU64::new(0);
        Self { report, told }
    }

    pub(crate) fn tell(&self, told: Told) {
        match told {
            Told::Progress(progress) => self.progress(progress),
            Told::Wrong { key, why } => self.report.line(&format!("wrong: {key}: {why}")),
        }
    }

    fn progress(&self, progress: Progress) {
        let Progress {
            files,
            of_files,
            bytes,
            of_bytes,
        } = progress;
        let part = (bytes * LINES).checked_div(of_bytes).unwrap_or(LINES);
        if self.told.swap(part, Ordering::Relaxed) < part {
            let line = format!("{files} of {of_files} files, {bytes} of {of_bytes} bytes");
            self.report.line(&line);
        }
    }
}

/// What a registry holds, in a line.
pub(crate) fn holds(counts: &Counts) -> String {
    let Counts {
        repositories,
        tags,
        manifests,
        contents,
        files,
        bytes,
    } = counts;
    format!(
        "it holds: {repositories} repositories, {tags} tags, {manifests} manifests, {contents} contents, \
         of which {}",
        counted(*files, *bytes)
    )
}

/// Files and their bytes.
pub(crate) fn counted(files: u64, bytes: u64) -> String {
    format!("{files} files of {bytes} bytes")
}
