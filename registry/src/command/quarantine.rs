//! `registry quarantine`: what is kept aside because its bytes are wrong.

use clap::Args;

use super::Data;
use crate::{
    failure::Failure,
    job::{self, Job},
};

/// Lists files that are kept aside because their bytes are wrong.
#[derive(Debug, Args)]
pub(crate) struct Quarantine {
    #[command(flatten)]
    data: Data,
}

impl Quarantine {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.data.run(&Job::Quarantine(job::Quarantine {}))
    }
}
