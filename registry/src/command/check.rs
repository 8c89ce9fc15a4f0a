//! `registry check`: everything that is wrong.

use clap::Args;
use registry_storage::directory::check_journal;

use super::Data;
use crate::{
    failure::Failure,
    job::{self, Terminal, open},
};

/// Looks for everything that is wrong with a data directory, and repairs nothing.
///
/// It works where no server has the directory. Each finding is a line; the exit code is 1 where there is any.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    data: Data,

    /// Read every file and compare it with its digest.
    #[arg(long)]
    deep: bool,
}

impl Check {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.data.run_alone(async |config| {
            let journal = check_journal(&config.storage.path);
            let check = job::Check {
                deep: self.deep,
                journal: journal.map_err(|error| Failure::new(error.to_string()))?,
            };
            let place = open(config).await?;
            check.run(&place, &Terminal).await
        })
    }
}
