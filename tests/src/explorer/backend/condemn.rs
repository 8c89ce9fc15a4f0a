//! `condemn` and `seal`.

use super::Backend;
use crate::explorer::{
    connection::{Request, row_of},
    mutation::Mutation,
    store::{
        Action, Assignment, Columns, Condition, Insert, Key, OnConflict, Returning, Rows, Rule,
        Scan, Statement, Waiting,
    },
};

impl Backend {
    /// Marks dead rows with the current pass. The row of the pass is locked first and to the end: so
    /// that the mark is of a pass still open, and the seal waits for it.
    pub(crate) async fn condemn(&self) {
        let pass = self.enter_pass().await;
        if self.has(Mutation::GraceFromMark) {
            self.insert_pass(pass).await;
            let (keys, unsettled) = (Scan::Keys(vec![Key::Pass(pass)]), Condition::Unsettled);
            self.sql.update(keys, unsettled, Assignment::Settle).await;
        }
        let mark = Action::Set(Assignment::Mark(pass));
        let dead = Scan::Dead(self.rule());
        self.collect(dead, Condition::Unmarked, mark, Returning::Nothing)
            .await;
        self.sql.commit().await;
    }

    async fn enter_pass(&self) -> u8 {
        let rows = if self.has(Mutation::CondemnWithoutPassLock) {
            self.sql.read([Key::Current]).await
        } else {
            let keys = Scan::Keys(vec![Key::Current]);
            let always = Condition::Always;
            self.sql.update(keys, always, Assignment::Nothing).await
        };
        let current = row_of(&rows, Key::Current).and_then(|row| row.current());
        current.expect("there is always a pass under way")
    }

    /// Ends the pass, in two transactions. The first waits for open condemnations and begins the next
    /// pass. The second has an id that is newer than any condemnation of the first: its fence.
    pub(crate) async fn seal(&self) {
        let keys = Scan::Keys(vec![Key::Current]);
        let always = Condition::Always;
        let rows = self.sql.update(keys, always, Assignment::NextPass).await;
        let next = row_of(&rows, Key::Current).and_then(|row| row.current());
        let closed = next.expect("there is always a pass under way") - 1;
        self.insert_pass(closed).await;
        if !self.has(Mutation::SealInOneTransaction) {
            self.sql.commit().await;
        }
        let fence = self.fence();
        self.sql
            .update(Scan::Passes, Condition::Unsealed, fence)
            .await;
        self.sql.commit().await;
    }

    fn fence(&self) -> Assignment {
        if self.has(Mutation::FenceFromSnapshot) {
            return Assignment::FenceBySnapshot;
        }
        match self.has(Mutation::GraceFromSeal) {
            true => Assignment::FenceAndSettle,
            false => Assignment::Fence,
        }
    }

    async fn insert_pass(&self, pass: u8) {
        let insert = Insert {
            key: Key::Pass(pass),
            columns: Columns::Pass {
                fence: None,
                grace: None,
            },
            conflict: OnConflict::Nothing,
            in_time: false,
        };
        self.sql.insert(insert).await;
    }

    /// What keeps a row.
    pub(super) fn rule(&self) -> Rule {
        Rule {
            indexes: !self.has(Mutation::IgnoreIndexes),
            subjects: !self.has(Mutation::IgnoreSubjects),
        }
    }

    /// A statement of the collector, which leaves rows alone that a client has locked.
    pub(super) async fn collect(
        &self,
        scan: Scan,
        when: Condition,
        action: Action,
        returning: Returning,
    ) -> Rows {
        let waiting = match self.has(Mutation::CollectorWaits) {
            true => Waiting::Wait,
            false => Waiting::Skip,
        };
        let statement = Statement {
            scan,
            when,
            action,
            waiting,
            returning,
        };
        self.sql.perform(Request::Run(statement)).await
    }
}
