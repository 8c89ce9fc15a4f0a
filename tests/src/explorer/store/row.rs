//! The tables of the model.

use std::rc::Rc;

use registry_core::backend::ObjectKey;

use crate::explorer::id::Id;

/// A row's table and primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// A blob of a repository: repository, digest.
    Link(Id, Id),
    /// A manifest of a repository: repository, digest.
    Manifest(Id, Id),
    /// A tag: repository, name.
    Tag(Id, Id),
    /// The content of a digest, for all repositories.
    Content(Id),
    /// A key of the store.
    Object(Id),
    /// An upload session.
    Upload(Id),
    /// A pass that was closed.
    Pass(u8),
    /// The one row that names the pass under way.
    Current,
}

/// A version of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    /// The pass that condemned it.
    pub(crate) mark: Option<u8>,
    /// What else it holds.
    pub(crate) columns: Columns,
}

/// What a row holds besides its key and its mark.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Columns {
    /// Nothing.
    Link,
    /// A manifest's subject and references, which its digest determines.
    Manifest {
        /// The manifest it is about.
        subject: Option<Id>,
        /// What it refers to.
        references: Rc<[Refers]>,
    },
    /// Where a tag points.
    Tag(Id),
    /// The object that holds a content.
    Content(Id),
    /// How a key of the store stands.
    Object(ObjectState),
    /// An upload session.
    Upload {
        /// Its newest writer.
        epoch: u8,
        /// Whether it has ended.
        finished: bool,
    },
    /// A pass that was closed.
    Pass {
        /// The transaction that sealed it; 0 once all before that have ended.
        fence: Option<u32>,
        /// Its grace, once that counts.
        grace: Option<Grace>,
    },
    /// The number of the pass under way.
    Current(u8),
}

/// How a key of the store stands. A key that has no row was never looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ObjectState {
    /// A content names it.
    Named,
    /// The collector found it in the store when nothing named it.
    Unknown(Grace),
    /// Given up: no command can name it again, and the store is to delete it.
    Doomed,
    /// Given up, and deleted from the store.
    Gone(Age),
}

/// How a grace stands that counts from a stored time. Time passes in whole grace periods, so that is
/// all that a time tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Grace {
    /// It is not over.
    Running,
    /// A period has passed since.
    Over,
}

/// How many graces have passed, as far as anybody asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Age(u8);

impl Age {
    /// A writer may take so many: more than the collector needs to give up what nothing names.
    const NAMED_WITHIN: u8 = 3;

    /// The grace period passes.
    pub(super) fn grow(&mut self) {
        self.0 = Self::NAMED_WITHIN.min(self.0 + 1);
    }

    /// Whether it is more than a writer may take.
    pub(super) fn is_late(self) -> bool {
        self.0 == Self::NAMED_WITHIN
    }
}

/// What a manifest refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Refers {
    /// A link or a manifest of the same repository.
    pub(crate) to: Target,
    /// Whether it must be there.
    pub(crate) required: bool,
}

/// Something in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    /// A blob.
    Blob(Id),
    /// A manifest.
    Manifest(Id),
}

impl Key {
    /// The key of the store, where this is the row of one.
    pub(crate) fn object(self) -> Option<ObjectKey> {
        match self {
            Self::Object(object) => Some(object.object()),
            _ => None,
        }
    }
}

impl Target {
    /// Its row in that repository.
    pub(crate) fn key(self, repository: Id) -> Key {
        match self {
            Self::Blob(digest) => Key::Link(repository, digest),
            Self::Manifest(digest) => Key::Manifest(repository, digest),
        }
    }

    /// Its digest.
    pub(crate) fn digest(self) -> Id {
        match self {
            Self::Blob(digest) | Self::Manifest(digest) => digest,
        }
    }
}

impl Row {
    /// A row that is not condemned.
    pub(crate) fn new(columns: Columns) -> Self {
        Self {
            mark: None,
            columns,
        }
    }

    /// A manifest's references; none for any other row.
    pub(crate) fn references(&self) -> &[Refers] {
        match &self.columns {
            Columns::Manifest { references, .. } => references,
            _ => &[],
        }
    }

    /// The object of a content.
    pub(crate) fn object(&self) -> Option<Id> {
        match self.columns {
            Columns::Content(object) => Some(object),
            _ => None,
        }
    }

    /// The grace period passes.
    pub(super) fn age(&mut self) {
        match &mut self.columns {
            Columns::Pass {
                grace: Some(grace), ..
            }
            | Columns::Object(ObjectState::Unknown(grace)) => *grace = Grace::Over,
            Columns::Object(ObjectState::Gone(age)) => age.grow(),
            _ => {}
        }
    }

    /// The transaction id it holds.
    pub(super) fn id(&mut self) -> Option<&mut u32> {
        match &mut self.columns {
            Columns::Pass { fence, .. } => fence.as_mut().filter(|fence| **fence > 0),
            _ => None,
        }
    }

    /// The row as a client is told of it: the numbers of a pass are compared, not read.
    pub(crate) fn told(&self) -> Self {
        match self.columns {
            Columns::Pass { .. } => Self::new(Columns::Pass {
                fence: None,
                grace: None,
            }),
            _ => self.clone(),
        }
    }

    /// Whether it is a key of the store that no command may name.
    pub(crate) fn is_given_up(&self) -> bool {
        let given_up = |state| matches!(state, ObjectState::Doomed | ObjectState::Gone(_));
        matches!(self.columns, Columns::Object(state) if given_up(state))
    }

    /// The pass of the row that names it.
    pub(crate) fn current(&self) -> Option<u8> {
        match self.columns {
            Columns::Current(pass) => Some(pass),
            _ => None,
        }
    }
}
