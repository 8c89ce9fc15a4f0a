//! What a transaction can ask of the store.

use crate::explorer::id::Id;

use super::row::{Columns, Key, Row, Target};

/// A statement over rows: it takes its snapshot and decides there which rows it visits; then it visits
/// one after another, waiting for locks, and looks again at the row alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Which rows, decided in the snapshot, subqueries included.
    pub(crate) scan: Scan,
    /// What must hold for the row itself: in the snapshot, and again for the version that is locked.
    pub(crate) when: Condition,
    /// What is done to it.
    pub(crate) action: Action,
    /// What happens where another transaction holds a conflicting lock.
    pub(crate) waiting: Waiting,
    /// Which rows the client is told of.
    pub(crate) returning: Returning,
}

impl Statement {
    /// Whether it is the collector's removal.
    pub(crate) fn is_removal(&self) -> bool {
        let collected = matches!(self.scan, Scan::Dead(_) | Scan::Collectable);
        self.action == Action::Delete && collected
    }
}

/// Which rows a statement visits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// These.
    Keys(Vec<Key>),
    /// Manifests of a repository that require something.
    Requiring(Id, Target),
    /// Tags of a repository that point at a manifest.
    TagsOf(Id, Id),
    /// Links, manifests and contents that nothing keeps.
    Dead(Rule),
    /// Links, manifests and contents that something keeps.
    Alive(Rule),
    /// Links, manifests and contents, kept or not.
    Collectable,
    /// A content, where no repository links it.
    Unlinked(Id),
    /// Keys of the store that no content names, of these.
    Unnamed(Vec<Id>),
    /// Keys of the store.
    Objects,
    /// Closed passes.
    Passes,
    /// Closed passes before whose fence no transaction is open any more.
    PassesFenced,
}

/// What keeps a manifest; each is false only in a mutated protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Being referred to by another manifest.
    pub(crate) indexes: bool,
    /// Being about a manifest that is there.
    pub(crate) subjects: bool,
}

impl Rule {
    /// Nothing is left out.
    pub(crate) const FULL: Self = Self {
        indexes: true,
        subjects: true,
    };
}

/// What is asked of a row's own columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing.
    Always,
    /// It is not condemned.
    Unmarked,
    /// It is condemned.
    Marked,
    /// It is condemned by one of these passes.
    MarkedBy(Vec<u8>),
    /// The tag points here.
    PointsAt(Id),
    /// The key of the store is given up and not yet forgotten.
    Doomed,
    /// The key of the store is not known to be named.
    Unknown,
    /// The key of the store has been unknown for the grace period.
    UnknownForGrace,
    /// The key of the store has been gone for as long as a writer may take.
    GoneForLong,
    /// The session is open and of this epoch.
    OpenAt(u8),
    /// The session is open.
    Open,
    /// The pass is not sealed.
    Unsealed,
    /// The grace of the pass does not count yet.
    Unsettled,
    /// The grace of the pass is over.
    GraceOver,
}

/// What is done to a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It is read.
    Read,
    /// It is read and locked.
    Lock(LockMode),
    /// It is changed.
    Set(Assignment),
    /// It is deleted.
    Delete,
}

/// The row locks of PostgreSQL that the protocol uses, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum LockMode {
    /// `FOR KEY SHARE`: the row stays, its columns may change.
    KeyShare,
    /// What an `UPDATE` takes.
    NoKeyUpdate,
    /// What a `DELETE` takes, and `FOR UPDATE`.
    Update,
}

impl LockMode {
    /// Whether two transactions cannot hold both.
    pub(crate) fn conflicts(self, other: Self) -> bool {
        self == Self::Update || other == Self::Update || (self.min(other) == Self::NoKeyUpdate)
    }
}

/// How an `UPDATE` changes a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Assignment {
    /// Nothing: only the lock is wanted.
    Nothing,
    /// Condemned by this pass.
    Mark(u8),
    /// Not condemned.
    Unmark,
    /// The tag points here.
    Point(Id),
    /// The key of the store is named by a content.
    Name,
    /// The key of the store is given up.
    Doom,
    /// The key of the store is deleted there.
    Forget,
    /// The session has ended.
    Finish,
    /// The session has a newer writer.
    Claim,
    /// The next pass.
    NextPass,
    /// The pass is fenced by the transaction's own id.
    Fence,
    /// The pass is fenced by the snapshot's `xmax`.
    FenceBySnapshot,
    /// The grace of the pass counts from now.
    Settle,
    /// Both of the last two.
    FenceAndSettle,
}

/// What a statement does where it meets a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// It waits.
    Wait,
    /// `SKIP LOCKED`: it leaves the row alone.
    Skip,
}

/// What a statement tells of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returning {
    /// All of them.
    Rows,
    /// Contents.
    Contents,
    /// None.
    Nothing,
}

/// What an `INSERT` does where the key is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OnConflict {
    /// `DO NOTHING`.
    Nothing,
    /// `DO UPDATE SET ... WHERE ...`.
    Set(Assignment, Condition),
}

/// `INSERT ... ON CONFLICT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Insert {
    /// The key.
    pub(crate) key: Key,
    /// The rest, where the row is new.
    pub(crate) columns: Columns,
    /// Where it is not.
    pub(crate) conflict: OnConflict,
    /// Whether it is refused to a writer that began too long ago.
    pub(crate) in_time: bool,
}

/// Rows as a statement returns them.
pub(crate) type Rows = std::rc::Rc<[(Key, Row)]>;
