//! How far long work has come.

use crate::sqlite::Counts;

/// How far the files of a backup or a restore have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files that were looked at.
    pub files: u64,
    /// Files there are to look at.
    pub of_files: u64,
    /// Bytes of the files that were looked at.
    pub bytes: u64,
    /// Bytes of all files.
    pub of_bytes: u64,
}

impl Progress {
    pub(super) fn of(counts: &Counts) -> Self {
        Self {
            files: 0,
            of_files: counts.files,
            bytes: 0,
            of_bytes: counts.bytes,
        }
    }
}

/// What long work tells while it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It has come so far.
    Progress(Progress),
    /// A file is not in order: which, and why. The work goes on.
    Wrong {
        /// The key of the file.
        key: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Whom long work tells.
pub type Tell<'a> = &'a (dyn Fn(Told) + Send + Sync);
