//! `registry export`: images to elsewhere.

use clap::Args;
use registry_transfer::Location;

use super::{Data, moving::Choice};
use crate::{
    failure::Failure,
    job::{self, Job},
};

/// Sends images to another registry, an OCI layout or a tar of one, or a storage directory for the distribution
/// registry.
///
/// Tags are sent with all that they lead to and all that refers to it. What is there already is not sent
/// again, so an export that was interrupted goes on when it is said again; a tar is written anew each time.
/// What fails is listed and the rest goes on. A server that has the data directory does the work, and must be able to write to TARGET.
/// Exit code 0 says that all of it is there, 1 that some of it is not, 2 that nothing was begun.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Where to: oci:DIR, oci-archive:FILE, distribution:DIR, https://HOST, http://HOST or docker://HOST (https).
    #[arg(value_name = "TARGET")]
    target: Location,

    #[command(flatten)]
    choice: Choice,

    #[command(flatten)]
    data: Data,
}

impl Export {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let moving = self.choice.moving(self.target)?;
        self.data.run(&Job::Export(job::Export { moving }))
    }
}
