//! `registry repair`: a database made again that was lost.

use clap::Args;
use registry_storage::directory::{RebuildReport, rebuild};

use super::Data;
use crate::{
    failure::Failure,
    job::{Report, Terminal},
};

/// Makes the database of a data directory again, from the journal beside the content.
///
/// For when the database is gone or unreadable and there is no better backup. A sound database is refused;
/// what is left of an unsound one is set aside, and nothing is deleted. All repositories come back private.
/// What the journal did not have yet is not there; exit code 1 says that more is missing, and each finding
/// is a line. Interrupted, it is said again. No server may run on the directory meanwhile.
#[derive(Debug, Args)]
pub(crate) struct Repair {
    #[command(flatten)]
    data: Data,

    /// Make the database again. There is no other repair: what else is wrong the server mends by itself.
    #[arg(long, required = true)]
    rebuild: bool,
}

impl Repair {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.data.run_alone(async |config| {
            let mut tell = |finding| Terminal.line(&format!("{finding}"));
            let told: &mut dyn FnMut(_) = &mut tell;
            let done = rebuild(&config.storage.path, told)
                .map_err(|error| Failure::new(error.to_string()))?;
            summary(&done).iter().for_each(|line| Terminal.line(line));
            match done.findings {
                0 => Ok(()),
                findings => Err(Failure::found(format!(
                    "the database is made again, but not all of it: {findings} findings"
                ))),
            }
        })
    }
}

fn summary(done: &RebuildReport) -> Vec<String> {
    let mut lines = vec![
        format!("registry: {}", done.registry),
        format!(
            "made again: {} repositories, all of them private now, {} tags, {} manifests, {} contents",
            done.repositories, done.tags, done.manifests, done.contents
        ),
        format!(
            "the journal ends at {}: what was pushed later is not there",
            done.ends
        ),
    ];
    if !done.complete {
        lines.push(
            "it was behind even then: some of what was pushed before is not there".to_owned(),
        );
    }
    if done.torn > 0 {
        lines.push(format!(
            "its last {} bytes were cut off while they were written",
            done.torn
        ));
    }
    if let Some(youngest) = done.youngest_unknown {
        lines.push(format!(
            "files that it does not know: {}, the last written at {youngest}; they are kept until \
             registry gc --accept-restored",
            done.unknown_files
        ));
    }
    if let Some(aside) = &done.aside {
        lines.push(format!("the database that was there: {}", aside.display()));
    }
    lines
}
