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

/// The registry a command works on.
#[derive(Debug, Args)]
pub(super) struct Data {
    /// The registry's data directory, where it is not the configured one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// The configuration file of its server, if it is not that of `REGISTRY_CONFIG`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

const IN_MEMORY: &str = "the configured registry is in memory alone: there is no data directory";

const SHARED: &str = "this command works on a data directory, and the configured registry is in a database and \
    a bucket; its servers collect by themselves, and backups are those of the database and the bucket";

impl Data {
    /// Has a job done there.
    pub(super) fn run(self, job: &Job) -> Result<(), Failure> {
        self.run_alone(async |config| job.run_at(config, &Terminal).await)
    }

    /// Does something there in this process, whether or not a server has it.
    pub(super) fn run_alone(
        self,
        work: impl AsyncFnOnce(&Config) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        telemetry::start(LogLevel::Warn, None);
        let config = self.config()?;
        let runtime = Runtime::new()
            .map_err(|error| Failure::new(format!("the command cannot start: {error}")))?;
        runtime.block_on(work(&config))
    }

    fn config(self) -> Result<Config, Failure> {
        let (mut config, _) = Config::load(&Flags::default().reading(self.config))?;
        match self.data {
            Some(data) => config.storage.path = data,
            None if config.storage.memory => return Err(Failure::new(IN_MEMORY)),
            None if config.database.url.is_some() => return Err(Failure::new(SHARED)),
            None => {}
        }
        Ok(config)
    }
}
