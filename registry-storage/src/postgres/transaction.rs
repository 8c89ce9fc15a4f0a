//! A command's transaction.

use std::{marker::PhantomData, ops::Deref};

use super::{error::Failure, session::Session};

/// What a command's transaction comes to.
pub(super) enum End<T> {
    /// It is committed, and this is answered then.
    Commit(T),
    /// Nothing of it happens, and this is answered.
    RollBack(T),
}

/// A transaction of READ COMMITTED: each statement sees what had committed when it began.
///
/// `'c` is how long what the command borrows lives.
pub(super) struct Transaction<'c> {
    session: Session,
    command: PhantomData<&'c ()>,
}

impl Transaction<'_> {
    /// Begins one, which has its id from the beginning: what it relies on without a lock is safe from the
    /// collector because the collector waits for it.
    pub(super) async fn begin(session: Session) -> Result<Self, Failure> {
        session.batch("BEGIN; SELECT pg_current_xact_id()").await?;
        Ok(Self {
            session,
            command: PhantomData,
        })
    }

    pub(super) async fn commit(mut self) -> Result<(), Failure> {
        self.session.commits();
        let committed = self.session.batch("COMMIT").await;
        self.leave(&committed);
        committed
    }

    pub(super) async fn roll_back(self) -> Result<(), Failure> {
        let undone = self.session.batch("ROLLBACK").await;
        self.leave(&undone);
        undone
    }

    fn leave(self, outcome: &Result<(), Failure>) {
        if outcome.is_ok() {
            self.session.end();
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}
