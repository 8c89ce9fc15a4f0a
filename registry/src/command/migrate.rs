//! `registry migrate`: a registry moved to other storage.

use std::{env, num::NonZeroU8, path::PathBuf};

use clap::Args;

use super::Data;
use crate::{failure::Failure, job};

/// Moves the registry to other storage, from a data directory to a database and a bucket or back, while it is used.
///
/// Content is carried while pushes and pulls go on; then, for a short while, no writes are taken (503), what is left
/// is carried, and both sides are compared. From then on the registry is where CONFIG says, and what it was in is
/// marked and refuses to start. Where to must be empty. Interrupted before that, everything is as it was: say it
/// again, and what has arrived is not sent again. A server that has the data directory does the work and must be able
/// to read CONFIG; it goes on serving reads until it is stopped. Uploads under way have to begin anew.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    data: Data,

    /// The configuration file of the server that shall have the registry. The environment does not count for it.
    #[arg(long, value_name = "CONFIG")]
    to: PathBuf,

    /// How many objects are on their way at once.
    #[arg(long, value_name = "N", default_value = "4")]
    parallel: NonZeroU8,

    /// Carry what has changed so many times at most before the switch; fewer, where little has.
    #[arg(long, value_name = "N", default_value = "10")]
    rounds: NonZeroU8,

    /// Read all objects where they have arrived, and hold them against their digests.
    #[arg(long)]
    verify_all: bool,
}

impl Migrate {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let here = env::current_dir()
            .map_err(|error| Failure::new(format!("the current directory: {error}")))?;
        self.data.migrate(job::Migrate {
            to: here.join(self.to),
            parallel: self.parallel,
            rounds: self.rounds,
            verify_all: self.verify_all,
        })
    }
}
