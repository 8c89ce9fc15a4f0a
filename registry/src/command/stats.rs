//! `registry stats`: how much there is.

use clap::Args;

use super::Data;
use crate::{
    failure::Failure,
    job::{self, Job},
};

/// Counts what there is: repositories, tags, blobs, and the space they take.
#[derive(Debug, Args)]
pub(crate) struct Stats {
    #[command(flatten)]
    data: Data,

    /// As one JSON object.
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.data.run(&Job::Stats(job::Stats { json: self.json }))
    }
}
