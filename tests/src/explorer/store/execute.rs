//! Statements, step by step.

use super::{
    column::holds,
    database::Database,
    row::{Key, Row},
    statement::{Action, Insert, LockMode, OnConflict, Rows, Statement, Waiting},
};

/// A statement between its snapshot and its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Running {
    /// Rows still to visit, the next one last.
    ahead: Vec<Visit>,
    /// Rows done.
    rows: Vec<(Key, Row)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Visit {
    key: Key,
    incarnation: u8,
    /// The snapshot's version, where the statement returns that.
    old: Option<Row>,
}

/// What a step of a statement came to.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// Another transaction is in the way.
    Blocked,
    /// There are rows to visit.
    More(Running),
    /// These are the statement's rows.
    Done(Rows),
}

/// What became of a row that was visited.
enum Visited {
    Blocked,
    Skipped,
    Row(Row),
}

impl Database {
    /// Takes the statement's snapshot.
    pub(crate) fn begin(&self, client: usize, statement: &Statement) -> Progress {
        let found = self.visited(client, statement);
        if statement.action == Action::Read || found.is_empty() {
            return Progress::Done(found.into());
        }
        let keeps_old = statement.action == Action::Lock(LockMode::KeyShare);
        let visits = found.into_iter().rev().map(|(key, row)| Visit {
            key,
            incarnation: self.incarnation(key),
            old: keeps_old.then_some(row),
        });
        Progress::More(Running {
            ahead: visits.collect(),
            rows: Vec::new(),
        })
    }

    /// Visits the next row.
    pub(crate) fn advance(
        &mut self,
        client: usize,
        statement: &Statement,
        mut running: Running,
    ) -> Progress {
        let Some(visit) = running.ahead.pop() else {
            return Progress::Done(running.rows.into());
        };
        match self.visit(client, statement, &visit) {
            Visited::Blocked if self.waits_with_id(client, &statement.action) => {
                running.ahead.push(visit);
                return Progress::More(running);
            }
            Visited::Blocked => return Progress::Blocked,
            Visited::Skipped => {}
            Visited::Row(row) => running.rows.push((visit.key, row)),
        }
        if running.ahead.is_empty() {
            Progress::Done(running.rows.into())
        } else {
            Progress::More(running)
        }
    }

    /// A transaction that changes a row has its id before it waits for the lock. Whether it got one.
    fn waits_with_id(&mut self, client: usize, action: &Action) -> bool {
        let writes = matches!(action, Action::Set(_) | Action::Delete);
        let late = writes && !self.has_xid(client);
        if late {
            self.xid(client);
        }
        late
    }

    fn visit(&mut self, client: usize, statement: &Statement, visit: &Visit) -> Visited {
        let key = visit.key;
        let mode = lock_mode(&statement.action);
        if self.is_locked(client, key, mode) {
            return match statement.waiting {
                Waiting::Wait => Visited::Blocked,
                Waiting::Skip => Visited::Skipped,
            };
        }
        let same = self.incarnation(key) == visit.incarnation;
        let Some(newest) = self.newest(client, key).filter(|_| same).cloned() else {
            return Visited::Skipped;
        };
        if visit.old.is_none() && !holds(&statement.when, &newest) {
            return Visited::Skipped;
        }
        self.lock(client, key, mode);
        Visited::Row(self.act(client, &statement.action, visit, newest))
    }

    fn act(&mut self, client: usize, action: &Action, visit: &Visit, newest: Row) -> Row {
        match action {
            Action::Read | Action::Lock(_) => visit.old.clone().unwrap_or(newest),
            Action::Set(assignment) => {
                let row = self.assigned(client, assignment, newest);
                self.write(client, visit.key, Some(row.clone()));
                row
            }
            Action::Delete => {
                self.write(client, visit.key, None);
                newest
            }
        }
    }

    /// Inserts a row, or does what is to be done on a conflict.
    pub(crate) fn insert(&mut self, client: usize, insert: &Insert) -> Progress {
        let key = insert.key;
        if insert.in_time && self.is_late(client) {
            return Progress::Done(Rows::default());
        }
        if self.is_written(client, key) {
            return Progress::Blocked;
        }
        let row = match (self.newest(client, key).cloned(), &insert.conflict) {
            (None, _) => Row::new(insert.columns.clone()),
            (Some(_), OnConflict::Nothing) => return Progress::Done(Rows::default()),
            (Some(_), OnConflict::Set(..))
                if self.is_locked(client, key, LockMode::NoKeyUpdate) =>
            {
                return Progress::Blocked;
            }
            (Some(there), OnConflict::Set(assignment, when)) => {
                if !holds(when, &there) {
                    self.lock(client, key, LockMode::NoKeyUpdate);
                    return Progress::Done(Rows::default());
                }
                self.assigned(client, assignment, there)
            }
        };
        self.lock(client, key, LockMode::NoKeyUpdate);
        self.write(client, key, Some(row.clone()));
        Progress::Done([(key, row)].into())
    }
}

fn lock_mode(action: &Action) -> LockMode {
    match action {
        Action::Read => LockMode::KeyShare,
        Action::Lock(mode) => *mode,
        Action::Set(_) => LockMode::NoKeyUpdate,
        Action::Delete => LockMode::Update,
    }
}
