//! What commands ask of a registry, a file each.
//!
//! A job runs on a [`Place`] and tells what it does through a [`Report`]. It runs in the server where
//! one has the data directory, which it is sent to over the control socket, and in the command's own
//! process where none has. So nothing needs to be written twice, and no command asks for the server to
//! be stopped. Whoever drops a job ends it; the next one goes on.

mod backup;
mod check;
mod files;
mod gc;
mod migrate;
mod quarantine;
mod report;
mod scrub;
mod stats;
mod transfer;

use std::time::Duration;

use registry_core::AllowAll;
use registry_server::TokioSpawner;
use registry_storage::{
    Durability,
    directory::{Directory, DirectoryError, DirectoryOptions},
};
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    backup::Backup,
    check::Check,
    files::{Lines, counted, holds},
    gc::Gc,
    migrate::Migrate,
    quarantine::Quarantine,
    report::{Progress, Report, Terminal},
    scrub::Scrub,
    stats::Stats,
    transfer::{Account, Certificates, Export, Import, Moving, Password, Pem},
};
use crate::{
    config::Config,
    control,
    failure::Failure,
    place::{Kept, Place},
    storage::{self, Shared},
};

/// A job, as it is sent to a server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Job {
    /// A backup.
    Backup(Backup),
    /// A round of collection.
    Gc(Gc),
    /// Images from elsewhere.
    Import(Import),
    /// Images to elsewhere.
    Export(Export),
    /// A move to other storage.
    Migrate(Migrate),
    /// A list of what is kept aside.
    Quarantine(Quarantine),
    /// A run through everything.
    Scrub(Scrub),
    /// A count.
    Stats(Stats),
}

impl Job {
    /// Does it.
    pub(crate) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        match self {
            Self::Backup(backup) => backup.run(place, report).await,
            Self::Gc(gc) => gc.run(place, report).await,
            Self::Import(import) => import.run(place, report).await,
            Self::Export(export) => export.run(place, report).await,
            Self::Migrate(migrate) => migrate.run(place, report).await,
            Self::Quarantine(quarantine) => quarantine.run(place, report).await,
            Self::Scrub(scrub) => scrub.run(place, report).await,
            Self::Stats(stats) => stats.run(place, report).await,
        }
    }

    /// Whether it is done with a data directory, and with nothing else.
    pub(crate) fn needs_directory(&self) -> bool {
        matches!(self, Self::Backup(_))
    }

    /// Does it where the registry is: in the server that has its data directory, or here. What servers share
    /// is open to anybody, so there it is always done here.
    pub(crate) async fn run_at(&self, config: &Config, report: &dyn Report) -> Result<(), Failure> {
        if config.database.url.is_some() {
            return self.run_here(open_shared(config).await?, report).await;
        }
        if let Some(server) = control::connect(&config.storage.path).await? {
            return server.run(self, report).await;
        }
        if let Self::Migrate(migrate) = self
            && migrate.finish(&config.storage.path, report).await?
        {
            return Ok(());
        }
        let place = match self {
            Self::Import(_) => open_or_make(config, report).await?,
            _ => open(config).await?,
        };
        self.run_here(place, report).await
    }

    async fn run_here(&self, place: Place, report: &dyn Report) -> Result<(), Failure> {
        self.run(&place, report).await?;
        match self {
            // What is counted was carried, and nothing is written here any more.
            Self::Migrate(_) => Ok(()),
            _ => Ok(place.registry.flush_pulls().await?),
        }
    }
}

/// Who runs a command has the files anyhow, so nobody is asked what it may do.
pub(crate) async fn open(config: &Config) -> Result<Place, Failure> {
    let directory = Directory::open_existing(&config.storage.path, options(config))?;
    place(Kept::Directory(directory), config).await
}

/// The same of a directory that is made where there is no registry, as a server makes it.
async fn open_or_make(config: &Config, report: &dyn Report) -> Result<Place, Failure> {
    let path = &config.storage.path;
    match Directory::open_existing(path, options(config)) {
        Ok(directory) => place(Kept::Directory(directory), config).await,
        Err(DirectoryError::NoRegistry(_)) => {
            let directory = Directory::open(path, options(config))?;
            report.line(&format!("a new registry in {}", path.display()));
            place(Kept::Directory(directory), config).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Nobody waits for a command as for a request, and to count all there is takes its time.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

async fn open_shared(config: &Config) -> Result<Place, Failure> {
    let mut patient = config.clone();
    patient.database.deadline = PATIENCE.max(config.database.deadline);
    // What is there when a command begins is what it is about.
    patient.database.listings = None;
    // A server of this machine has it.
    patient.cache.path = None;
    let shared = Shared::open(&patient).await?;
    place(Kept::Shared(shared), config).await
}

fn options(config: &Config) -> DirectoryOptions {
    DirectoryOptions {
        durability: Durability::Strict,
        ..storage::options(&config.storage)
    }
}

async fn place(kept: Kept, config: &Config) -> Result<Place, Failure> {
    let parts = kept.builder().policy(AllowAll);
    let parts = parts.spawner(TokioSpawner::current());
    let registry = parts.settings(config.engine()).build().await?;
    Ok(Place { registry, kept })
}
