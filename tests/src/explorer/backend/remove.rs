//! `remove`, `doomed`, `forget_doomed`.

use registry_core::backend::{Doomed, ObjectKey};

use super::Backend;
use crate::explorer::{
    connection::Request,
    id::Id,
    mutation::Mutation,
    store::{Action, Assignment, Condition, Key, Returning, Rows, Scan},
};

impl Backend {
    /// Removes what stayed dead. The grace of a pass counts from when its fence was seen to have passed.
    pub(crate) async fn remove(&self) {
        self.settle().await;
        let passes = self.removable().await;
        if passes.is_empty() {
            return;
        }
        let contents = self.remove_marked(passes.clone()).await;
        self.doom_objects(&contents).await;
        if !self.has(Mutation::LeaveMarks) {
            self.acquit(passes).await;
        }
        self.sql.perform(Request::CommitRemoval).await;
    }

    /// Clears the marks of what lives: it was condemned in a snapshot that did not see what keeps it.
    async fn acquit(&self, passes: Vec<u8>) {
        let (alive, marked) = (Scan::Alive(self.rule()), Condition::MarkedBy(passes));
        let unmark = Action::Set(Assignment::Unmark);
        self.collect(alive, marked, unmark, Returning::Nothing)
            .await;
    }

    async fn settle(&self) {
        let passes = self.passes();
        let unsettled = Condition::Unsettled;
        let settled = self.sql.update(passes, unsettled, Assignment::Settle).await;
        if !settled.is_empty() {
            self.sql.commit().await;
        }
    }

    async fn removable(&self) -> Vec<u8> {
        let (scan, when) = (self.passes(), Condition::GraceOver);
        let rows = self
            .collect(scan, when, Action::Read, Returning::Rows)
            .await;
        let number = |(key, _): &(Key, _)| match key {
            Key::Pass(pass) => Some(*pass),
            _ => None,
        };
        rows.iter().filter_map(number).collect()
    }

    fn passes(&self) -> Scan {
        match self.has(Mutation::NoFence) {
            true => Scan::Passes,
            false => Scan::PassesFenced,
        }
    }

    /// Answers the contents removed.
    async fn remove_marked(&self, passes: Vec<u8>) -> Rows {
        let dead = match self.has(Mutation::RemoveWithoutDeadness) {
            true => Scan::Collectable,
            false => Scan::Dead(self.rule()),
        };
        let marked = Condition::MarkedBy(passes);
        if self.has(Mutation::RemoveWithoutMark) {
            let rows = self
                .collect(dead, marked, Action::Read, Returning::Rows)
                .await;
            let keys = rows.iter().map(|(key, _)| *key).collect();
            let (scan, always) = (Scan::Keys(keys), Condition::Always);
            return self
                .collect(scan, always, Action::Delete, Returning::Contents)
                .await;
        }
        self.collect(dead, marked, Action::Delete, Returning::Contents)
            .await
    }

    /// Objects to delete from the store.
    pub(crate) async fn doomed(&self) -> Vec<Doomed> {
        let (scan, when) = (Scan::Objects, Condition::Doomed);
        let rows = self
            .collect(scan, when, Action::Read, Returning::Rows)
            .await;
        let keys = rows.iter().filter_map(|(key, _)| key.object());
        keys.map(|key| Doomed { key }).collect()
    }

    /// These are deleted. Their keys stay given up for as long as a command that names one may yet come.
    pub(crate) async fn forget_doomed(&self, keys: &[ObjectKey]) {
        let rows = keys.iter().map(|key| Key::Object(Id::from(key))).collect();
        let action = match self.has(Mutation::ForgetKeys) {
            true => Action::Delete,
            false => Action::Set(Assignment::Forget),
        };
        let scan = Scan::Keys(rows);
        self.collect(scan, Condition::Doomed, action, Returning::Nothing)
            .await;
        let (all, old) = (Scan::Objects, Condition::GoneForLong);
        self.collect(all, old, Action::Delete, Returning::Nothing)
            .await;
        self.sql.commit().await;
    }
}
