//! Those that read.
//!
//! A read runs where it is called, on the first connection that is free. The rows of a point read are
//! nearly always in memory, where it takes a few microseconds, while a hop to another thread and back
//! costs more than the read; the figures stand in the module above. As many connections as there are
//! processors, and some more, make waiting for one rare and short.

use std::{
    cell::Cell,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::available_parallelism,
};

use registry_core::Timestamp;
use rusqlite::Connection;

use super::{
    error::{Failure, OpenError},
    open,
    view::View,
};

/// Connections beside one for each processor, for reads that were put on threads of their own.
const SPARE: usize = 2;

/// Connections to read from.
pub(super) struct Readers {
    connections: Box<[Mutex<Connection>]>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let processors = available_parallelism().map_or(1, usize::from);
        let connections = (0..processors + SPARE).map(|_| open::reader(path).map(Mutex::new));
        Ok(Self {
            connections: connections.collect::<Result<_, _>>()?,
        })
    }

    /// Reads with a single statement.
    pub(super) fn read<T>(
        &self,
        now: Timestamp,
        read: impl FnOnce(&View<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        read(&View::new(&self.take(), now))
    }

    /// Reads with several statements, of which all see the same moment.
    pub(super) fn read_together<T>(
        &self,
        now: Timestamp,
        read: impl FnOnce(&View<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let connection = self.take();
        let snapshot = Snapshot::begin(&connection)?;
        read(&View::new(snapshot.0, now))
    }

    /// A free connection, if there is one the one that this thread had last.
    fn take(&self) -> MutexGuard<'_, Connection> {
        thread_local! {
            static LAST: Cell<usize> = const { Cell::new(0) };
        }
        let (last, count) = (LAST.get(), self.connections.len());
        for index in (last..last + count).map(|index| index % count) {
            if let Ok(connection) = self.connections[index].try_lock() {
                LAST.set(index);
                return connection;
            }
        }
        // A read that panicked has ended its statements and its snapshot, so nothing is wrong.
        let next = self.connections[last % count].lock();
        next.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A read transaction, ended when dropped.
struct Snapshot<'c>(&'c Connection);

impl<'c> Snapshot<'c> {
    fn begin(connection: &'c Connection) -> Result<Self, Failure> {
        connection.prepare_cached("BEGIN")?.execute(())?;
        Ok(Self(connection))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        // Where even this fails, SQLite has ended the transaction itself.
        let end = self.0.prepare_cached("COMMIT");
        let _ = end.and_then(|mut end| end.execute(()));
    }
}
