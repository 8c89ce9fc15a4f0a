//! A client's way to the store, one request at a time.

use std::{cell::RefCell, collections::VecDeque, fmt, future::poll_fn, rc::Rc, task::Poll};

use super::{
    id::Id,
    promise::Note,
    store::{
        Action, Assignment, Condition, Insert, Key, LockMode, Returning, Rows, Scan, Statement,
        Waiting,
    },
};

/// What a client asks for. Each is one step of the exploration or several, but for notes, which belong
/// to the step before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// An id for the transaction.
    Xid,
    /// A statement.
    Run(Statement),
    /// An `INSERT`.
    Insert(Insert),
    /// A commit.
    Commit,
    /// A commit of what the collector removes.
    CommitRemoval,
    /// A rollback.
    RollBack,
    /// An object appears in the store.
    PutObject(Id),
    /// An object is deleted from the store.
    DeleteObject(Id),
    /// The objects of the store.
    ListObjects,
    /// What was answered or done, for the invariants.
    Note(Note),
}

/// A connection whose every request ends the step of the model.
///
/// Methods are plain async functions over it. The explorer runs one as far as its next request,
/// and later again from the start with the replies so far: so a state needs only keep replies, and
/// can be taken up many times, which a future cannot.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    feed: Rc<RefCell<Feed>>,
}

#[derive(Debug, Default)]
struct Feed {
    replies: VecDeque<Rows>,
    request: Option<Request>,
}

impl Connection {
    /// A connection on which these replies were given before.
    pub(crate) fn after(replies: &[Rows]) -> Self {
        let feed = Feed {
            replies: replies.iter().cloned().collect(),
            request: None,
        };
        Self {
            feed: Rc::new(RefCell::new(feed)),
        }
    }

    /// The request that waits for a reply.
    pub(crate) fn request(&self) -> Option<Request> {
        self.feed.borrow_mut().request.take()
    }

    /// Asks and waits for the reply.
    pub(crate) async fn perform(&self, request: Request) -> Rows {
        let mut request = Some(request);
        poll_fn(|_| {
            let mut feed = self.feed.borrow_mut();
            match feed.replies.pop_front() {
                Some(reply) => Poll::Ready(reply),
                None => {
                    feed.request = request.take();
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// `SELECT`.
    pub(crate) async fn select(&self, scan: Scan) -> Rows {
        self.run(scan, Condition::Always, Action::Read).await
    }

    /// `SELECT` of rows by key.
    pub(crate) async fn read<const N: usize>(&self, keys: [Key; N]) -> Rows {
        self.select(Scan::Keys(keys.into())).await
    }

    /// `SELECT ... FOR`.
    pub(crate) async fn lock(&self, keys: Vec<Key>, mode: LockMode) -> Rows {
        let scan = Scan::Keys(keys);
        self.run(scan, Condition::Always, Action::Lock(mode)).await
    }

    /// `UPDATE`; answers the rows as they are now.
    pub(crate) async fn update(&self, scan: Scan, when: Condition, set: Assignment) -> Rows {
        self.run(scan, when, Action::Set(set)).await
    }

    /// `DELETE`; answers the rows as they were.
    pub(crate) async fn delete(&self, scan: Scan, when: Condition) -> Rows {
        self.run(scan, when, Action::Delete).await
    }

    async fn run(&self, scan: Scan, when: Condition, action: Action) -> Rows {
        let statement = Statement {
            scan,
            when,
            action,
            waiting: Waiting::Wait,
            returning: Returning::Rows,
        };
        self.perform(Request::Run(statement)).await
    }

    /// `INSERT`; false where there was a conflict and nothing was to be done.
    pub(crate) async fn insert(&self, insert: Insert) -> bool {
        !self.perform(Request::Insert(insert)).await.is_empty()
    }

    /// `COMMIT`.
    pub(crate) async fn commit(&self) {
        self.perform(Request::Commit).await;
    }

    /// `ROLLBACK`.
    pub(crate) async fn roll_back(&self) {
        self.perform(Request::RollBack).await;
    }
}

/// The row of a key among rows.
pub(crate) fn row_of(rows: &Rows, key: Key) -> Option<&super::store::Row> {
    let mut found = rows.iter().filter(|(found, _)| *found == key);
    found.next().map(|(_, row)| row)
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xid => write!(f, "SELECT pg_current_xact_id()"),
            Self::Run(statement) => statement.fmt(f),
            Self::Insert(insert) => insert.fmt(f),
            Self::Commit | Self::CommitRemoval => write!(f, "COMMIT"),
            Self::RollBack => write!(f, "ROLLBACK"),
            Self::PutObject(object) => write!(f, "store: object {object} complete"),
            Self::DeleteObject(object) => write!(f, "store: delete object {object}"),
            Self::ListObjects => write!(f, "store: list"),
            Self::Note(note) => note.fmt(f),
        }
    }
}
