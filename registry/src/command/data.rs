//! Where the registry is that a command works on.

use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Runtime;

use crate::{
    config::{Config, Flags},
    failure::Failure,
    job::{self, Job, Terminal},
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
    a bucket: back up the database first and the bucket then, with their own tools; `registry scrub` reads \
    everything again";

impl Data {
    /// Has a job done there.
    pub(super) fn run(self, job: &Job) -> Result<(), Failure> {
        telemetry::start(LogLevel::Warn, None);
        let config = self.config()?;
        if config.database.url.is_some() && job.needs_directory() {
            return Err(Failure::new(SHARED));
        }
        on_runtime(job.run_at(&config, &Terminal))
    }

    /// Has a registry moved, which may be in a database and a bucket.
    pub(super) fn migrate(self, job: job::Migrate) -> Result<(), Failure> {
        telemetry::start(LogLevel::Warn, None);
        let config = self.config()?;
        match config.database.url.is_some() {
            true => on_runtime(job.run_shared(&config, &Terminal)),
            false => on_runtime(Job::Migrate(job).run_at(&config, &Terminal)),
        }
    }

    /// Does something with a data directory in this process, whether or not a server has it.
    pub(super) fn run_alone(
        self,
        work: impl AsyncFnOnce(&Config) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        telemetry::start(LogLevel::Warn, None);
        let config = self.config()?;
        if config.database.url.is_some() {
            return Err(Failure::new(SHARED));
        }
        on_runtime(work(&config))
    }

    fn config(self) -> Result<Config, Failure> {
        let (mut config, _) = Config::load(&Flags::default().reading(self.config))?;
        match self.data {
            Some(data) => {
                config.storage.path = data;
                config.database.url = None;
            }
            None if config.storage.memory => return Err(Failure::new(IN_MEMORY)),
            None => {}
        }
        Ok(config)
    }
}

fn on_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = Runtime::new()
        .map_err(|error| Failure::new(format!("the command cannot start: {error}")))?;
    runtime.block_on(work)
}
