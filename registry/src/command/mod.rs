//! The commands, a file each.

mod backup;
mod check;
mod config;
mod data;
mod export;
mod gc;
mod greeting;
mod import;
mod migrate;
mod moving;
mod quarantine;
mod repair;
mod restore;
mod scrub;
mod serve;
mod stats;

use self::data::Data;
use crate::failure::Failure;

/// What the program is asked to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Serve(serve::Serve),
    Backup(backup::Backup),
    Restore(restore::Restore),
    #[command(subcommand)]
    Config(config::Config),
    Gc(gc::Gc),
    Import(import::Import),
    Export(export::Export),
    Migrate(migrate::Migrate),
    Scrub(scrub::Scrub),
    Quarantine(quarantine::Quarantine),
    Check(check::Check),
    Repair(repair::Repair),
    Stats(stats::Stats),
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Serve(serve) => serve.run(),
            Self::Backup(backup) => backup.run(),
            Self::Restore(restore) => restore.run(),
            Self::Config(config) => config.run(),
            Self::Gc(gc) => gc.run(),
            Self::Import(import) => import.run(),
            Self::Export(export) => export.run(),
            Self::Migrate(migrate) => migrate.run(),
            Self::Scrub(scrub) => scrub.run(),
            Self::Quarantine(quarantine) => quarantine.run(),
            Self::Check(check) => check.run(),
            Self::Repair(repair) => repair.run(),
            Self::Stats(stats) => stats.run(),
        }
    }
}
