//! `registry backup`: a backup, while everything goes on.

use std::path::{PathBuf, absolute};

use clap::Args;

use super::Data;
use crate::{
    failure::Failure,
    job::{self, Job},
};

/// Backs everything up into a directory, while pushes and pulls go on.
///
/// What is there of an earlier backup is kept and only what is new is copied; the earlier backup stays
/// whole until the new one is. Interrupted, it goes on when it is said again. A server that has the data
/// directory does the work, and must be allowed to write to DIR. Exit code 1 says that the backup is
/// made, and that files were missing.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// Where the backup is kept: a directory of its own.
    #[arg(value_name = "DIR")]
    to: PathBuf,

    #[command(flatten)]
    data: Data,

    /// Link files instead of copying them, where DIR is on the same file system. It takes no space, and
    /// is no help when that disk fails.
    #[arg(long)]
    link: bool,

    /// Read every file of the backup, and hold it against its digest.
    #[arg(long)]
    verify: bool,
}

impl Backup {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let to = absolute(&self.to)
            .map_err(|error| Failure::new(format!("{}: {error}", self.to.display())))?;
        self.data.run(&Job::Backup(job::Backup {
            to,
            link: self.link,
            verify: self.verify,
        }))
    }
}
