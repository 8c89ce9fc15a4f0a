//! Where the registry is that a command works on.

use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Runtime;

use crate::{
    failure::Failure,
    job::{Job, Terminal},
    telemetry::{self, LogLevel},
};

/// The registry a command works on.
#[derive(Debug, Args)]
pub(super) struct Data {
    /// The registry's data directory.
    #[arg(long, value_name = "DIR", default_value = "registry-data")]
    data: PathBuf,
}

impl Data {
    /// Has a job done there.
    pub(super) fn run(&self, job: &Job) -> Result<(), Failure> {
        telemetry::start(LogLevel::Warn);
        let runtime = Runtime::new()
            .map_err(|error| Failure::new(format!("the command cannot start: {error}")))?;
        runtime.block_on(job.run_at(&self.data, &Terminal))
    }
}
