//! `registry gc`: a round of collection, now.

use clap::Args;

use super::Data;
use crate::{
    failure::Failure,
    job::{self, Job},
};

/// Removes what nothing needs, once, without waiting for the server to do it by itself.
///
/// What is found unneeded now is removed by a round that begins a grace period later. A server that
/// has the directory does the work; pushes and pulls go on meanwhile.
#[derive(Debug, Args)]
pub(crate) struct Gc {
    #[command(flatten)]
    data: Data,
}

impl Gc {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.data.run(&Job::Gc(job::Gc {}))
    }
}
