//! The methods of the metadata traits, as a backend on PostgreSQL would write them.
//!
//! Each takes the command of the trait's method of the same name and gives its outcome, so the model
//! ceases to compile where the traits drift from it. The traits themselves are not implemented: half
//! of their methods have no part in collection. Repositories exist and facts are current throughout;
//! sizes, media types, conditions on tags, origins and limits have no bearing on the protocol and are
//! not modelled. A limit only cuts a step into several of its kind.

mod condemn;
mod delete;
mod manifest;
mod mount;
mod orphan;
mod put;
mod read;
mod remove;

use std::rc::Rc;

use super::{
    connection::{Connection, Request},
    mutation::Mutation,
    store::{Assignment, Condition, Insert, Key, OnConflict, Scan},
};

/// The metadata of the model, as one client sees it.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(super) sql: Connection,
    mutations: Rc<[Mutation]>,
}

impl Backend {
    /// The protocol, with these mutations.
    pub(crate) fn new(sql: Connection, mutations: Rc<[Mutation]>) -> Self {
        Self { sql, mutations }
    }

    /// Whether the protocol has this mutation.
    pub(crate) fn has(&self, mutation: Mutation) -> bool {
        self.mutations.contains(&mutation)
    }

    /// Begins a transaction that will rely on what it reads: its id comes before its first snapshot, so
    /// that a fence set after that snapshot waits for it.
    async fn begin(&self) {
        if !self.has(Mutation::LateId) {
            self.sql.perform(Request::Xid).await;
        }
    }

    /// Clears the mark of a row that a transaction met. False where the row is gone, or no longer
    /// marked: only a new statement can tell.
    async fn revive(&self, key: Key) -> bool {
        if self.has(Mutation::RelyOnMarked) {
            return true;
        }
        self.clear_mark(key).await || self.has(Mutation::ReviveBlindly)
    }

    async fn clear_mark(&self, key: Key) -> bool {
        let (keys, marked) = (Scan::Keys(vec![key]), Condition::Marked);
        let rows = self.sql.update(keys, marked, Assignment::Unmark).await;
        !rows.is_empty()
    }
}

/// A row of a repository's own, made or revived.
fn upsert(key: Key, columns: super::store::Columns) -> Insert {
    Insert {
        key,
        columns,
        conflict: OnConflict::Set(Assignment::Unmark, Condition::Marked),
        in_time: false,
    }
}
