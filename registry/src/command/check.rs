//! `registry check`: everything that is wrong.

use clap::Args;

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
        let check = job::Check { deep: self.deep };
        self.data.run_alone(async |config| {
            let place = open(config).await?;
            check.run(&place, &Terminal).await
        })
    }
}
