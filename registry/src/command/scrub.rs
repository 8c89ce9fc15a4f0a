//! `registry scrub`: reading everything again.

use clap::Args;

use super::Data;
use crate::{
    failure::Failure,
    job::{self, Job},
};

/// Reads everything again and says what is not as it was pushed.
///
/// Corrupt blobs are taken out of sight, so that the next push of them heals them; `registry quarantine` lists
/// them. It goes on where it was stopped. A server that has the directory does the work; pushes and pulls go
/// on meanwhile, and what the server reads again by itself rests until this is done.
#[derive(Debug, Args)]
pub(crate) struct Scrub {
    #[command(flatten)]
    data: Data,

    /// Begin at the beginning, wherever an earlier run stopped.
    #[arg(long)]
    anew: bool,

    /// Read no more than so many bytes in a second.
    #[arg(long, value_name = "BYTES")]
    rate: Option<u64>,

    /// Take blobs out of sight whose files are gone, so that the next push of them heals them. Make sure
    /// first that the files are not merely elsewhere.
    #[arg(long)]
    give_up_absent: bool,
}

impl Scrub {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.data.run(&Job::Scrub(job::Scrub {
            anew: self.anew,
            rate: self.rate,
            give_up_absent: self.give_up_absent,
        }))
    }
}
