//! `registry import`: images from elsewhere.

use clap::Args;
use registry_core::RepositoryName;
use registry_transfer::Location;

use super::{Data, moving::Choice};
use crate::{
    failure::Failure,
    job::{self, Job},
};

/// Brings images from another registry, an OCI layout or a tar of one, or the storage directory of the distribution
/// registry.
///
/// Large files of a directory on the file system of --data come by hard link, others are copied. Everything
/// is verified, unless --trust is said; what is here already is not fetched again, so an import that was interrupted
/// goes on when it is said again. What fails is listed and the rest goes on. A server that has the data
/// directory does the work, and must be able to read SOURCE. Exit code 0 says that all of it is here, 1
/// that some of it is not, 2 that nothing was begun.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Where from: oci:DIR, oci-archive:FILE, distribution:DIR, https://HOST, http://HOST or docker://HOST
    /// (https).
    #[arg(value_name = "SOURCE")]
    source: Location,

    #[command(flatten)]
    choice: Choice,

    /// The repository of images that a layout gives no repository.
    #[arg(long = "as", value_name = "NAME")]
    unnamed: Option<RepositoryName>,

    /// Believe that each file of a storage directory or layout has the bytes its name says, where it comes
    /// by hard link, and read only its length. What is damaged there is then served until a scrub finds it.
    #[arg(long)]
    trust: bool,

    #[command(flatten)]
    data: Data,
}

impl Import {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let moving = self.choice.moving(self.source)?;
        if self.trust && !moving.location.is_directory() {
            return Err(Failure::new(format!(
                "--trust is for directories: {} has to be read anyhow",
                moving.location
            )));
        }
        self.data.run(&Job::Import(job::Import {
            moving,
            unnamed: self.unnamed,
            trust: self.trust,
        }))
    }
}
