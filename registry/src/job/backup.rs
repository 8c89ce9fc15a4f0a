//! `registry backup`: a backup, while everything goes on.

use std::path::PathBuf;

use registry_storage::directory::{BackupOptions, BackupReport};
use serde::{Deserialize, Serialize};

use super::{
    Report,
    files::{Lines, counted, holds},
};
use crate::{failure::Failure, place::Place};

/// A backup.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Backup {
    /// Where to, as an absolute path.
    pub(crate) to: PathBuf,
    /// Whether files may be linked.
    pub(crate) link: bool,
    /// Whether files are held against their digests.
    pub(crate) verify: bool,
}

impl Backup {
    pub(super) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        // Pulls that are only counted in memory belong to what is backed up.
        place.registry.flush_pulls().await?;
        let options = BackupOptions {
            link: self.link,
            verify: self.verify,
        };
        let lines = Lines::new(report);
        let tell = |told| lines.tell(told);
        let made = place.directory()?.back_up(&self.to, options, &tell).await?;
        summary(&made).iter().for_each(|line| report.line(line));
        match made.description.missing {
            0 => Ok(()),
            missing => Err(Failure::found(format!(
                "the backup is made, but {missing} files were not to be had"
            ))),
        }
    }
}

fn summary(made: &BackupReport) -> [String; 5] {
    let description = &made.description;
    [
        format!("registry: {}", description.registry),
        holds(&description.holds),
        format!("files copied: {}", counted(made.copied, made.copied_bytes)),
        format!("files there already: {}", made.already),
        format!("files removed that are no longer needed: {}", made.pruned),
    ]
}
