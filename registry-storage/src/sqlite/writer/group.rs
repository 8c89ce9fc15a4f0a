//! Commands that are committed together.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use registry_core::{Timestamp, backend::MetadataError};
use rusqlite::{Connection, wal::CheckpointMode};
use tokio::time::Instant;

use super::{command::Command, figures::Committed};
use crate::sqlite::{
    error::{Failure, of_commit},
    readers::Readers,
    time::Time,
    transaction::{Counters, Transaction},
};

/// Pages of the log after which it is carried over into the database: 16 MiB.
const CHECKPOINT_PAGES: i32 = 4096;

type Group = Vec<Box<dyn Command>>;

/// Commits group after group.
pub(super) struct Groups {
    // Dropped first: the last connection to close carries the log over, and readers cannot.
    readers: Arc<Readers>,
    connection: Connection,
    counters: Counters,
    /// The version up to which readers know that places have changed.
    told: u64,
    time: Arc<Time>,
    committed: Arc<Committed>,
}

impl Groups {
    pub(super) fn new(
        connection: Connection,
        counters: Counters,
        time: Arc<Time>,
        readers: Arc<Readers>,
        committed: Arc<Committed>,
    ) -> Self {
        Self {
            readers,
            connection,
            told: counters.version(),
            counters,
            time,
            committed,
        }
    }

    /// Runs a group in one transaction, commits it, and answers everybody in it.
    pub(super) fn commit(&mut self, group: &mut Group) {
        if let Err(error) = self.try_commit(group) {
            self.committed.fail();
            // A commit that failed may have ended its transaction or not.
            if !self.connection.is_autocommit() {
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            group
                .iter_mut()
                .for_each(|command| command.fail(error.clone()));
        }
        group.drain(..).for_each(Command::answer);
    }

    fn try_commit(&mut self, group: &mut Group) -> Result<(), MetadataError> {
        self.execute("BEGIN IMMEDIATE")?;
        let (now, before) = (self.time.now(), self.connection.total_changes());
        for command in group.iter_mut() {
            self.run(&mut **command, now)?;
        }
        if self.connection.total_changes() != before {
            let saved = self.counters.save(&self.connection, now);
            saved.map_err(Failure::from)?;
            let started = Instant::now();
            self.execute_commit()?;
            let version = self.counters.version();
            self.readers.advance(version != self.told);
            self.told = version;
            self.committed.add(group.len(), started.elapsed());
            Ok(())
        } else {
            self.execute_commit()
        }
    }

    fn execute_commit(&self) -> Result<(), MetadataError> {
        let commit = self.connection.prepare_cached("COMMIT");
        let mut commit = commit.map_err(Failure::from)?;
        #[cfg(not(feature = "abort-points"))]
        let committed = commit.execute(());
        #[cfg(feature = "abort-points")]
        let committed = crate::marked::step("database.commit", || commit.execute(()));
        committed.map(drop).map_err(|error| of_commit(&error))
    }

    /// Runs one command; where it fails, it alone is undone.
    ///
    /// # Errors
    /// The transaction is gone, and all that was done in it: SQLite ends it by itself where the disk is
    /// full, say.
    fn run(&mut self, command: &mut dyn Command, now: Timestamp) -> Result<(), MetadataError> {
        self.execute("SAVEPOINT command")?;
        let mut transaction = Transaction::new(&self.connection, now, &mut self.counters);
        let ran = catch_unwind(AssertUnwindSafe(|| command.run(&mut transaction)));
        let ran = ran.unwrap_or_else(|_| {
            command.fail(Failure::Panicked.into());
            Err(Failure::Panicked.into())
        });
        if let Err(error) = ran {
            if self.connection.is_autocommit() {
                return Err(error);
            }
            self.execute("ROLLBACK TO command")?;
        }
        Ok(self.execute("RELEASE command")?)
    }

    fn execute(&self, sql: &str) -> Result<(), Failure> {
        self.connection.prepare_cached(sql)?.execute(())?;
        Ok(())
    }

    /// Carries the log over into the database when it has grown. Nobody waits for this but the next
    /// group; a failure leaves the log to grow, and it is tried again.
    ///
    /// No further than the oldest snapshot can it be carried over, and only when no snapshot is of it
    /// is it begun anew; so all are given back before and after. Those taken meanwhile are new.
    pub(super) fn checkpoint(&self) {
        if self.pages(CheckpointMode::NOOP) >= CHECKPOINT_PAGES {
            self.readers.release();
            self.pages(CheckpointMode::PASSIVE);
            self.readers.release();
        }
    }

    /// Pages of the log that are not carried over.
    fn pages(&self, mode: CheckpointMode) -> i32 {
        let done = self.connection.wal_checkpoint_v2(Some(c"main"), mode);
        done.map_or(0, |(pages, done)| pages - done)
    }
}
