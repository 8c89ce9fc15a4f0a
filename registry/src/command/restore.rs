//! `registry restore`: a data directory from a backup.

use std::path::PathBuf;

use clap::Args;
use registry_storage::directory::{RestoreOptions, RestoreReport, restore};

use super::Data;
use crate::{
    failure::Failure,
    job::{Lines, Report, Terminal, counted, holds},
};

/// Makes a data directory from a backup. No server may run on it meanwhile.
///
/// Interrupted, it goes on when it is said again; until it is done the directory is not served. Exit
/// code 1 says that it is done, and that files were missing: what they held counts as absent until it is
/// pushed again.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The directory that `registry backup` wrote.
    #[arg(value_name = "DIR")]
    from: PathBuf,

    #[command(flatten)]
    data: Data,

    /// Restore also where something is. A database that is there is set aside under another name;
    /// content that is there stays. Nothing is deleted.
    #[arg(long)]
    force: bool,

    /// Link files instead of copying them, where both directories are on one file system.
    #[arg(long)]
    link: bool,

    /// Read every file that is restored, and hold it against its digest.
    #[arg(long)]
    verify: bool,
}

impl Restore {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let options = RestoreOptions {
            link: self.link,
            verify: self.verify,
            force: self.force,
        };
        self.data.run_alone(async |config| {
            let lines = Lines::new(&Terminal);
            let tell = |told| lines.tell(told);
            let done = restore(&self.from, &config.storage.path, options, &tell).await?;
            summary(&done).iter().for_each(|line| Terminal.line(line));
            match done.missing {
                0 => Ok(()),
                missing => Err(Failure::found(format!(
                    "it is restored, but {missing} files were not to be had"
                ))),
            }
        })
    }
}

fn summary(done: &RestoreReport) -> Vec<String> {
    let mut lines = vec![
        format!("registry: {}", done.description.registry),
        holds(&done.description.holds),
        format!("files copied: {}", counted(done.copied, done.copied_bytes)),
        format!("files there already: {}", done.already),
        format!("uploads that have to begin anew: {}", done.uploads_dropped),
    ];
    if let Some(aside) = &done.aside {
        lines.push(format!("the database that was there: {}", aside.display()));
    }
    lines
}
