//! What was answered, so that it can be held against what is.

use std::{collections::BTreeSet, fmt};

use super::{id::Id, store::Target};

/// Something that an answer was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thing {
    /// Where.
    pub(crate) repository: Id,
    /// What.
    pub(crate) target: Target,
}

/// What a client was told or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// It was answered that this exists.
    Exists(Thing),
    /// It was answered that this does not exist.
    Missing(Thing),
    /// It was deleted on request.
    Deleted(Thing),
}

/// Promises whose grace is not over.
///
/// Time passes in steps of a grace period, so a promise ends with the next one. That loses nothing:
/// of any run in real time in which something goes before its grace is over, the hours can be
/// cut into periods so that no cut falls between the answer and the loss, and whatever waited for a grace
/// in real time then waits for a cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Promises {
    given: BTreeSet<(usize, Thing)>,
}

impl Promises {
    /// What must be there.
    pub(crate) fn things(&self) -> impl Iterator<Item = Thing> {
        self.given.iter().map(|(_, thing)| *thing)
    }

    /// Takes note. False where a client is told that something does not exist within the grace of
    /// what it was told before.
    pub(crate) fn note(&mut self, client: usize, note: Note) -> bool {
        match note {
            Note::Exists(thing) => {
                self.given.insert((client, thing));
                true
            }
            Note::Deleted(gone) => {
                self.given.retain(|(_, thing)| *thing != gone);
                true
            }
            Note::Missing(thing) => !self.given.contains(&(client, thing)),
        }
    }

    /// A grace period passes.
    pub(crate) fn expire(&mut self) {
        self.given.clear();
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.target, self.repository)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(thing) => write!(f, "answered: {thing} exists"),
            Self::Missing(thing) => write!(f, "answered: {thing} is unknown"),
            Self::Deleted(thing) => write!(f, "answered: {thing} is deleted"),
        }
    }
}
