//! `registry gc`: a round of collection, now.

use clap::Args;

use super::Data;
use crate::{
    failure::Failure,
    job::{self, Job},
};

/// Removes what nothing needs, once, without waiting for the server to do it by itself.
///
/// What is found unneeded now is removed by a round that begins a grace period later. A server that
/// has the directory does the work; pushes and pulls go on meanwhile.
#[derive(Debug, Args)]
pub(crate) struct Gc {
    #[command(flatten)]
    data: Data,

    /// After a database was restored from a backup: let what is newer than it go. Until this is said,
    /// no file that the database does not know is deleted.
    #[arg(long)]
    accept_restored: bool,

    /// Delete files that the database does not know though they are many: `registry check` has shown
    /// that this is its content, as after crashes of a small registry.
    #[arg(long)]
    accept_unknown: bool,
}

impl Gc {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.data.run(&Job::Gc(job::Gc {
            accept_restored: self.accept_restored,
            accept_unknown: self.accept_unknown,
        }))
    }
}
