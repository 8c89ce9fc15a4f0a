//! Those that read.
//!
//! A read runs where it is called, on the first connection that is free. The rows of a point read are
//! nearly always in memory, where it takes a few microseconds, while a hop to another thread and back
//! costs more than the read; the figures stand in the module above.
//!
//! A connection keeps its snapshot of the database from one read to the next, and takes a new one only
//! where something was committed meanwhile, which the thread that writes counts. A snapshot for each
//! read was the alternative: taking and giving it back are system calls, and cost more than the rows.
//!
//! Places change rarely, and every request asks for one, so those that were read are kept from snapshot to
//! snapshot until one changes. A place that is kept needs no snapshot at all.

use std::{
    cell::Cell,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::available_parallelism,
};

use registry_core::{RepositoryName, Timestamp};
use rusqlite::Connection;

use super::{
    error::{Failure, OpenError},
    facts::Place,
    moment::{Moment, Reached},
    open,
    seen::Seen,
    view::View,
};

/// Connections beside one for each processor, for where more threads than processors read.
const SPARE: usize = 2;

/// Processors that have a connection of their own; each keeps pages in memory.
const MOST: usize = 14;

/// Connections to read from.
pub(super) struct Readers {
    connections: Box<[Mutex<Reader>]>,
    reached: Reached,
}

/// A connection, and the moment that its snapshot has for sure, if it has one.
struct Reader {
    connection: Connection,
    snapshot: Option<Moment>,
    /// The moment of the places that it has seen.
    places: Moment,
    seen: Seen,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let processors = available_parallelism().map_or(1, usize::from).min(MOST);
        let connections = (0..processors + SPARE).map(|_| {
            let connection = open::reader(path)?;
            Ok(Mutex::new(Reader {
                connection,
                snapshot: None,
                places: Moment::default(),
                seen: Seen::default(),
            }))
        });
        Ok(Self {
            connections: connections.collect::<Result<_, OpenError>>()?,
            reached: Reached::default(),
        })
    }

    /// Something was committed: reads that begin from now on see it.
    pub(super) fn advance(&self, places_changed: bool) {
        self.reached.advance(places_changed);
    }

    /// A place, where it was read since one changed.
    pub(super) fn place(&self, name: &RepositoryName) -> Option<Place> {
        let reader = self.take();
        let seen = self.reached.now().has_places_of(reader.places);
        seen.then(|| reader.seen.places.seen(name)).flatten()
    }

    /// Reads from one snapshot that has everything that was answered.
    pub(super) fn read<T>(
        &self,
        now: Timestamp,
        read: impl FnOnce(&View<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut reader = self.take();
        reader.renew(self.reached.now())?;
        read(&View::new(&reader.connection, now).remembering(&reader.seen))
    }

    /// Gives back every snapshot. A log is only begun anew when none is of it.
    pub(super) fn release(&self) {
        for reader in &self.connections {
            // A snapshot that could not be given back is tried again with the next read.
            let _ = lock(reader).release();
        }
    }

    /// A free connection, if there is one the one that this thread had last.
    fn take(&self) -> MutexGuard<'_, Reader> {
        thread_local! {
            static LAST: Cell<usize> = const { Cell::new(0) };
        }
        let (last, count) = (LAST.get(), self.connections.len());
        for index in (last..last + count).map(|index| index % count) {
            if let Ok(reader) = self.connections[index].try_lock() {
                LAST.set(index);
                return reader;
            }
        }
        lock(&self.connections[last % count])
    }
}

impl Reader {
    fn renew(&mut self, moment: Moment) -> Result<(), Failure> {
        if self.snapshot == Some(moment) {
            return Ok(());
        }
        self.release()?;
        if !moment.has_places_of(self.places) {
            self.seen.forget_places();
        }
        self.places = moment;
        self.connection.prepare_cached("BEGIN")?.execute(())?;
        self.snapshot = Some(moment);
        Ok(())
    }

    fn release(&mut self) -> Result<(), Failure> {
        self.snapshot = None;
        self.seen.forget();
        if !self.connection.is_autocommit() {
            self.connection.prepare_cached("COMMIT")?.execute(())?;
        }
        Ok(())
    }
}

/// A read that panicked has ended its statements, so nothing is wrong with its connection.
fn lock(reader: &Mutex<Reader>) -> MutexGuard<'_, Reader> {
    reader.lock().unwrap_or_else(PoisonError::into_inner)
}
