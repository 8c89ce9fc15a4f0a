//! The journal, followed from the last walk on.

use std::{collections::HashSet, io, path::Path};

use registry_core::Timestamp;

use super::{RebuildError, RebuildFinding, place::Journal};
use crate::{
    journal::{Found, Frame, Walk, read_all},
    sqlite::Rebuild,
};

/// A journal that was followed to its end.
pub(super) struct Replay {
    pub(super) rebuild: Rebuild,
    pub(super) registry: String,
    pub(super) findings: Vec<RebuildFinding>,
    pub(super) ends: Timestamp,
    pub(super) complete: bool,
    pub(super) change: u64,
    pub(super) torn: u64,
    /// The last frame that was taken, unless damage follows it, which explains what is missing.
    sequence: Option<u64>,
    /// Lines whose walk came to its end.
    whole: HashSet<u64>,
    /// Whether the walk of such a line was begun with.
    begun: bool,
}

/// What a look at all frames tells.
#[derive(Default)]
struct Lines {
    whole: HashSet<u64>,
    any: bool,
}

impl Replay {
    /// Follows a journal into a new database at a path.
    pub(super) fn run(journal: &Journal, into: &Path) -> Result<Self, RebuildError> {
        let lines = Lines::of(journal)?;
        let mut replay = Self {
            rebuild: Rebuild::begin(into)?,
            registry: journal.registry.clone(),
            findings: Vec::new(),
            ends: Timestamp::default(),
            complete: false,
            change: 0,
            torn: 0,
            sequence: None,
            whole: lines.whole,
            begun: false,
        };
        read_all::<RebuildError>(&journal.path, |path, found| replay.take(path, found))
            .map_err(|error| error.at(&journal.path))?;
        match replay.begun {
            true => Ok(replay),
            false => Err(RebuildError::NeverComplete(journal.path.clone())),
        }
    }

    fn take(&mut self, path: &Path, found: Found) -> Result<(), RebuildError> {
        match found {
            Found::Frame(frame) if frame.head.registry != self.registry => {
                self.passed_over(path, frame.head.registry);
                Ok(())
            }
            Found::Frame(frame) => self.follow(&frame),
            Found::Damage(damage) if damage.tail => {
                self.torn += damage.at.len() as u64;
                Ok(())
            }
            Found::Damage(damage) => {
                self.sequence = None;
                self.findings.push(RebuildFinding::Damaged {
                    path: path.to_owned(),
                    from: damage.at.start as u64,
                    to: damage.at.end as u64,
                });
                Ok(())
            }
        }
    }

    fn follow(&mut self, frame: &Frame) -> Result<(), RebuildError> {
        let head = &frame.head;
        if head.walk == Walk::Begins && self.whole.contains(&head.line) {
            // Everything is told again from here on, so what was wrong before is of no matter.
            self.rebuild.clear()?;
            self.findings.clear();
            self.torn = 0;
            self.sequence = None;
            self.begun = true;
        }
        self.note_gap(frame.sequence);
        self.sequence = Some(frame.sequence);
        self.rebuild.apply(head.at, &frame.entries)?;
        self.ends = self.ends.max(head.at);
        self.change = self.change.max(head.change);
        self.complete = head.complete;
        Ok(())
    }

    /// Frames of a walk that came to nothing are taken back, and their numbers are given again.
    fn note_gap(&mut self, sequence: u64) {
        let Some(last) = self.sequence else { return };
        if sequence > last + 1 {
            self.findings.push(RebuildFinding::Missing {
                from: last + 1,
                to: sequence - 1,
            });
        }
    }

    fn passed_over(&mut self, path: &Path, registry: String) {
        let finding = RebuildFinding::Foreign {
            path: path.to_owned(),
            registry,
        };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

impl Lines {
    fn of(journal: &Journal) -> Result<Self, RebuildError> {
        let absent = || RebuildError::NoJournal {
            path: journal.path.clone(),
            registry: journal.registry.clone(),
        };
        let mut lines = Self::default();
        let read = read_all::<io::Error>(&journal.path, |_, found| {
            if let Found::Frame(frame) = found
                && frame.head.registry == journal.registry
            {
                lines.any = true;
                if frame.head.walk == Walk::Ends {
                    lines.whole.insert(frame.head.line);
                }
            }
            Ok(())
        });
        match read {
            Ok(()) if lines.any => Ok(lines),
            Ok(()) => Err(absent()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(absent()),
            Err(error) => Err(RebuildError::io("read", &journal.path, error)),
        }
    }
}

impl From<io::Error> for RebuildError {
    fn from(error: io::Error) -> Self {
        Self::io("read", Path::new(""), error)
    }
}

impl RebuildError {
    /// The error, of a file in this directory where it was not said of which.
    fn at(self, directory: &Path) -> Self {
        match self {
            Self::Io { what, source, .. } => Self::io(what, directory, source),
            other => other,
        }
    }
}
