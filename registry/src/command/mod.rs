//! The commands, a file each.

mod backup;
mod check;
mod config;
mod data;
mod gc;
mod greeting;
mod quarantine;
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
    Scrub(scrub::Scrub),
    Quarantine(quarantine::Quarantine),
    Check(check::Check),
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
            Self::Scrub(scrub) => scrub.run(),
            Self::Quarantine(quarantine) => quarantine.run(),
            Self::Check(check) => check.run(),
            Self::Stats(stats) => stats.run(),
        }
    }
}
