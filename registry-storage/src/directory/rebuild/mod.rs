//! A database made again from the journal beside the content.
//!
//! It is made under another name and takes its place when it is whole, so a rebuild that is interrupted
//! begins anew and nothing sees a part of it. A database that is there and sound is refused, and one that
//! is not is set aside: nothing is deleted. What the journal does not have, because it was a moment behind
//! or is damaged itself, is told one by one; files that the new database does not know are kept until an
//! operator decides, as after a restore.

mod contents;
mod finding;
mod place;
mod replay;

use std::path::{Path, PathBuf};

use registry_core::Timestamp;

pub use self::finding::{RebuildError, RebuildFinding};
use self::{place::Place, replay::Replay};

/// What was made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebuildReport {
    /// The registry's id, in hex.
    pub registry: String,
    /// When the last frame of the journal was written: what was answered later is not in it.
    pub ends: Timestamp,
    /// Whether the journal had everything then.
    pub complete: bool,
    /// Bytes at its end that were being written when it ended.
    pub torn: u64,
    /// Repositories, all of which are private now.
    pub repositories: u64,
    /// Tags.
    pub tags: u64,
    /// Manifests.
    pub manifests: u64,
    /// Contents.
    pub contents: u64,
    /// Files that the journal does not know. They are kept.
    pub unknown_files: u64,
    /// When the youngest of those was written, by the clock of its file system, if there are any.
    pub youngest_unknown: Option<Timestamp>,
    /// How many findings were told.
    pub findings: u64,
    /// Where the database is that was there before, if there was one.
    pub aside: Option<PathBuf>,
}

/// Whom a rebuild tells what is missing.
pub type TellFinding<'a> = &'a mut dyn FnMut(RebuildFinding);

/// Makes the database of a data directory again. It blocks.
///
/// # Errors
/// When it was not made, and everything is as it was. What the journal does not have is no error: it is
/// told, and counted.
pub fn rebuild(directory: &Path, tell: TellFinding<'_>) -> Result<RebuildReport, RebuildError> {
    let place = Place::prepare(directory)?;
    let mut findings = 0;
    let mut tell = |finding| {
        findings += 1;
        tell(finding);
    };
    let journal = place.journal();
    let replayed = Replay::run(&journal, &place.incoming())?;
    replayed.findings.into_iter().for_each(&mut tell);
    let unknown = contents::compare(&place, &replayed.rebuild, &mut tell)?;
    let (counts, aside) = place.finish(replayed.rebuild, replayed.ends, replayed.change)?;
    Ok(RebuildReport {
        registry: journal.registry,
        ends: replayed.ends,
        complete: replayed.complete,
        torn: replayed.torn,
        repositories: counts.repositories,
        tags: counts.tags,
        manifests: counts.manifests,
        contents: counts.contents,
        unknown_files: unknown.files,
        youngest_unknown: unknown.youngest,
        findings,
        aside,
    })
}
