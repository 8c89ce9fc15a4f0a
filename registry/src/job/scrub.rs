//! `registry scrub`: reading everything again.

use registry_core::{Budget, ScrubOptions};
use registry_server::TokioTimer;
use serde::{Deserialize, Serialize};

use super::Report;
use crate::{failure::Failure, place::Place};

/// A run through everything.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Scrub {
    /// Whether it begins at the beginning, wherever an earlier run stopped.
    pub(crate) anew: bool,
    /// Bytes to read in a second.
    pub(crate) rate: Option<u64>,
    /// Whether blobs whose files are not there are taken out of sight.
    pub(crate) give_up_absent: bool,
}

/// A line is told whenever so much more was read.
const TELL_EVERY: u64 = 1 << 30;

impl Scrub {
    pub(super) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        let options = ScrubOptions {
            resume: !self.anew,
            quarantine: true,
            give_up_absent: self.give_up_absent,
            gives_way: false,
        };
        let budget = Budget {
            bytes_per_second: self.rate,
            ..Budget::UNBOUNDED
        };
        let mut told = 0;
        let run = place
            .registry
            .scrub_within(options, budget, &TokioTimer, |now, findings| {
                findings
                    .iter()
                    .for_each(|finding| report.line(&finding.to_string()));
                if now.bytes - told >= TELL_EVERY {
                    told = now.bytes;
                    report.line(&format!("read so far: {} bytes", now.bytes));
                }
            });
        let done = run.await?;
        report.line(&format!(
            "read: {} blobs, {} manifests, {} bytes",
            done.contents, done.manifests, done.bytes
        ));
        match done.findings {
            0 => Ok(()),
            found => Err(Failure::found(format!("found wrong: {found}, see above"))),
        }
    }
}
