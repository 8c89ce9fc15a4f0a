//! Where the registry is that a command works on.

use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Runtime;

use crate::{
    config::{Config, Flags},
    failure::Failure,
    job::{Job, Terminal},
    telemetry::{self, LogLevel},
};

/// The registry a command works on: that of the configuration.
#[derive(Debug, Args)]
pub(super) struct Data {
    /// The configuration file, if it is not that of `REGISTRY_CONFIG`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The registry's data directory, if it is not the configured one (`registry-data` by default).
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
}

impl Data {
    /// Has a job done there.
    pub(super) fn run(&self, job: &Job) -> Result<(), Failure> {
        let flags = Flags::of_data(self.config.clone(), self.data.as_deref());
        let (config, _) = Config::load(&flags)?;
        if config.storage.memory {
            let sentence = "the configured registry is in memory alone: there is no data directory";
            return Err(Failure::new(sentence));
        }
        telemetry::start(LogLevel::Warn);
        let runtime = Runtime::new()
            .map_err(|error| Failure::new(format!("the command cannot start: {error}")))?;
        runtime.block_on(job.run_at(&config, &Terminal))
    }
}
