//! Metadata in an SQLite database: everything a registry on one machine knows, in one file.
//!
//! One process owns the file, and in it one thread writes. It takes whatever commands wait, runs each
//! in a savepoint of one transaction, commits once, and answers all: the commands share a sync, and the
//! more there are at once the more they share. A transaction for each command was the alternative;
//! each would wait for a sync of its own, and SQLite has one writer at a time anyhow. Reads go through
//! connections of their own, beside the writer and beside each other, and see every write that was
//! answered.
//!
//! # Where reads run
//!
//! Where they are called, without a hop to another thread. In microseconds of processor time, on two
//! processors shared with others, in one run:
//!
//! | read | where it is called | thread with a queue | `spawn_blocking` |
//! | --- | --- | --- | --- |
//! | facts | 0.5 | | |
//! | manifest by tag, 1 KiB | 1.2 | 6 | 11 to 39 |
//! | 100 tags | 10 | | |
//! | 1000 tags | 90 | | |
//! | 100 referrers | 55 | | |
//!
//! A page from the disk costs more than that, and is waited for by a thread that others would use; what
//! is read often is in the system's cache, and a page of a listing is as long as the engine allows. To
//! run long pages elsewhere would be worth it where they are allowed to be ten times as long.
//!
//! What makes them cheap: a connection keeps its snapshot until something is committed, with the rows
//! that it has seen of it (`seen.rs`), keeps what it knows of repositories until one changes
//! (`moment.rs`), and a statement keeps its plan. The figures are of rows that it has not seen. The
//! first reads after a commit take a new snapshot and their pages from the system again: a manifest is
//! 12 then.
//!
//! # What is answered, and when
//!
//! [`Durability::Strict`] answers when the log is on the disk (`synchronous=FULL`).
//! [`Durability::Relaxed`] answers when the operating system has it (`synchronous=NORMAL`): a crash of
//! the process loses nothing, a power cut loses what was committed last, and neither leaves a
//! transaction half done.
//!
//! A command that fails is undone alone. A commit that fails is told to all of its group: as `Full`
//! where the disk refused a page of the log, for then the log holds nothing of it; as `Unknown` where the
//! sync failed, for then a crash might bring it back.
//!
//! # Tables
//!
//! All are `STRICT`; those marked · are kept in the order of their key (`WITHOUT ROWID`). `id` are
//! integers of this database's own. Names, tags and digests are text, compared by bytes.
//!
//! ```text
//! registry              identity, secret; greatest time; last version and change; pass, how far it has come;
//!                       generation, opened, orphans_held; scrub; journal_line?, journal_sequence
//! namespaces ·          name ─ public, collect_untagged, version, created
//! repositories          id, name ─ namespace →, bare, visibility?, public, version, created, pulls
//! contents              id, digest ─ size, object? | inline?, quarantined, pass?
//! links ·               repository →, digest ─ holder, bare, pass?
//! manifests             id; repository →, digest ─ media_type, subject?, artifact_type?, descriptor,
//!                       bytes, created, pass?
//! manifest_references · repository →, target, digest, required, manifest →
//! tags ·                repository →, tag ─ manifest →, pulls
//! uploads               id; repository, session ─ epoch, touched, state, digest? | kept?, hash?, object? | inline?
//! upload_tails          upload →, position ─ bytes: of open sessions, what the store has not taken
//! expired ·             object: writes of expired and cancelled sessions, for the store to give up
//! gone ·                object ─ doomed: given up for ever, and whether it is still to be deleted
//! unknown ·             object ─ since
//! quarantine ·          object ─ digest, size, since: kept aside
//! passes                pass ─ sealed
//! changes               id ─ at, actor?, event
//! journal ·             kind, repository, key ─ times: what the journal beside the content does not have
//! ```
//!
//! Arrows are foreign keys. None leads to `contents`, whose rows repositories share; a link finds its
//! content by digest. `public` of a repository is what its own setting and its namespace's come to, so
//! that public names are an index; a namespace that changes rewrites it for all that inherit. `bare`
//! sets names of one component apart, which stand elsewhere among canonical names than their text
//! does. A link repeats its repository's name, so that the holders of a popular layer are listed by
//! name from an index. Marked rows have indexes of their own (`WHERE pass IS NOT NULL`), and every
//! listing has one in its order: a test compares the plans.
//!
//! Keys in `gone` stay for as long as the database is open: a command that names one may be on its way. It is
//! on its way within this process, for no other has the database; so whoever opens it next forgets those
//! whose objects are deleted. What that process names it has committed itself, after every deletion that
//! was forgotten. A key costs some 250 bytes until then.

mod carry;
mod changes;
mod closing;
mod collection;
mod content;
mod error;
mod facts;
mod hold;
mod inspection;
#[cfg(feature = "directory")]
mod journal;
mod leases;
#[cfg(feature = "directory")]
mod lineage;
mod lock;
mod moment;
mod names;
mod objects;
mod open;
mod owned;
#[cfg(test)]
mod plans;
mod pulls;
mod readers;
mod repositories;
mod schema;
mod seen;
#[cfg(feature = "directory")]
mod snapshot;
mod tails;
mod time;
mod transaction;
mod uploads;
mod value;
mod view;
mod writer;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use registry_core::{
    Clock, Secret,
    backend::{Identity, Metadata, MetadataError},
};
use rusqlite::Connection;
use tokio::sync::watch;

#[cfg(feature = "directory")]
pub(crate) use self::lineage::Lineage;
use self::{
    closing::Closed,
    error::{Failure, OpenError},
    hold::Holds,
    lock::Lock,
    objects::FORGET_GONE,
    readers::Readers,
    time::Time,
    transaction::{Counters, Transaction},
    view::View,
    writer::Writer,
};
pub use self::{
    closing::Closing,
    error::SqliteOpenError,
    hold::DeletionHold,
    writer::{CommitCounts, CommitFigures, Spread},
};
#[cfg(feature = "directory")]
pub(crate) use self::{
    error::Failure as SqliteFailure,
    journal::{Keeping, Rebuild, RebuildCounts},
    lock::beside,
    snapshot::{Reserved, Snapshot, forget_absent, reserve, unavailable, unsound},
};
#[cfg(feature = "directory")]
pub use self::{journal::JournalFigures, snapshot::Counts};
use crate::{Durability, leases::LeaseTable};

/// [`Metadata`] in an SQLite database.
///
/// ```
/// use std::sync::Arc;
///
/// use registry_core::{SystemClock, backend::Metadata};
/// use registry_storage::{Durability, sqlite::SqliteMetadata};
///
/// # let directory = tempfile::tempdir()?;
/// let path = directory.path().join("metadata.sqlite");
/// let clock = Arc::new(SystemClock);
/// let metadata: Arc<dyn Metadata> = Arc::new(SqliteMetadata::open(path, clock, Durability::Strict)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Reads run on the thread that calls them. Dropping it waits until what was accepted is committed.
pub struct SqliteMetadata {
    /// Ends before the one that writes.
    #[cfg(feature = "directory")]
    journal: Option<journal::Keeper>,
    // In the order in which they are dropped: what writes ends when no reader is left, and then nothing
    // holds the lock.
    readers: Arc<Readers>,
    writer: Writer,
    time: Arc<Time>,
    holds: Holds,
    leases: Mutex<LeaseTable>,
    closed_to_writes: Arc<Closed>,
    path: PathBuf,
    _lock: Lock,
    closed: watch::Sender<()>,
}

/// Has a journal that is not kept be begun anew when it is kept again.
const FORGET_JOURNAL: &str = "DELETE FROM journal;
    UPDATE registry SET journal_line = NULL WHERE journal_line IS NOT NULL;";

impl SqliteMetadata {
    /// Opens the database at a path, or makes one where nothing is. It blocks for as long as that takes.
    ///
    /// # Errors
    /// Says what is wrong with what is there, and leaves it as it is: it is no database, or one of
    /// something else, or of a newer version; another process has it open; the system refuses it.
    pub fn open(
        path: impl AsRef<Path>,
        clock: Arc<dyn Clock>,
        durability: Durability,
    ) -> Result<Self, SqliteOpenError> {
        let path = path.as_ref();
        let locked = || {
            let lock = Lock::take(path)?;
            let connection = open::writer(path, durability)?;
            // Whatever happens now, no journal has.
            connection.execute_batch(FORGET_JOURNAL)?;
            Self::start(path, clock, connection, lock)
        };
        locked().map_err(|reason| SqliteOpenError::new(path.to_owned(), reason))
    }

    /// Opens a database after it has agreed with the content that it names: `agree` is told what the
    /// database says of itself, and whether it names any object, and answers what it shall say now.
    #[cfg(feature = "directory")]
    pub(crate) fn open_agreed<E: From<SqliteOpenError>>(
        path: &Path,
        clock: Arc<dyn Clock>,
        (durability, keeping): (Durability, Keeping),
        fresh: &Identity,
        agree: impl FnOnce(Lineage, bool) -> Result<Lineage, E>,
    ) -> Result<(Self, Lineage), E> {
        let refused = |reason| E::from(SqliteOpenError::new(path.to_owned(), reason));
        let lock = Lock::take(path).map_err(refused)?;
        let connection = open::writer(path, durability).map_err(refused)?;
        let lineage = Lineage::load(&connection).map_err(refused)?;
        let names_objects = lineage::names_objects(&connection).map_err(refused)?;
        let mut lineage = agree(lineage, names_objects)?;
        lineage.registry.get_or_insert(fresh.registry);
        lineage.save(&connection, fresh).map_err(refused)?;
        keeping.prepare(&connection).map_err(refused)?;
        let opened = Self::start(path, clock, connection, lock).map_err(refused)?;
        Ok((opened, lineage))
    }

    fn start(
        path: &Path,
        clock: Arc<dyn Clock>,
        connection: Connection,
        lock: Lock,
    ) -> Result<Self, OpenError> {
        // Where there is no room for that, they stay.
        let _ = connection.execute(FORGET_GONE, ());
        let (counters, committed) = Counters::load(&connection)?;
        let time = Arc::new(Time::new(clock, committed));
        let readers = Arc::new(Readers::open(path)?);
        let writer = Writer::start(
            connection,
            counters,
            Arc::clone(&time),
            Arc::clone(&readers),
        )?;
        Ok(Self {
            #[cfg(feature = "directory")]
            journal: None,
            readers,
            writer,
            time,
            holds: Holds::default(),
            leases: Mutex::default(),
            closed_to_writes: Arc::default(),
            path: path.to_owned(),
            _lock: lock,
            closed: watch::Sender::new(()),
        })
    }

    /// Resolves when the last who has this has dropped it: all is committed, and others may open the
    /// database.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closed = self.closed.subscribe();
        // Nothing is ever sent: it ends with the sender, which is dropped last.
        async move { while closed.changed().await.is_ok() {} }
    }

    /// How much was committed since this was opened.
    #[must_use]
    pub fn commit_counts(&self) -> CommitCounts {
        self.commit_figures().counts
    }

    /// How commits went since this was opened.
    #[must_use]
    pub fn commit_figures(&self) -> CommitFigures {
        self.writer.figures()
    }

    /// Whether the database can be written to: commits a transaction that changes nothing, as durably as
    /// any other.
    ///
    /// # Errors
    /// Where it cannot.
    pub async fn probe(&self) -> Result<(), MetadataError> {
        let sql = "UPDATE registry SET identity = identity";
        let probed = self.write(move |transaction| transaction.run(sql, ()));
        probed.await.map(drop)
    }

    /// Runs a command and answers once it is committed.
    async fn write<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, MetadataError> {
        let closed = Arc::clone(&self.closed_to_writes);
        self.writer
            .run(move |transaction| {
                closed.refuse()?;
                command(transaction)
            })
            .await
    }

    /// Reads what was answered up to now.
    fn read<T>(
        &self,
        read: impl FnOnce(&View<'_>) -> Result<T, Failure>,
    ) -> Result<T, MetadataError> {
        Ok(self.readers.read(self.time.now(), read)?)
    }
}

impl fmt::Debug for SqliteMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteMetadata")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl View<'_> {
    fn identity(&self) -> Result<Option<Identity>, Failure> {
        let sql = "SELECT identity, secret FROM registry WHERE identity IS NOT NULL";
        self.one(sql, (), |row| {
            Ok(Identity {
                registry: row.get(0)?,
                secret: Secret::new(row.get(1)?),
            })
        })
    }
}

impl Transaction<'_> {
    fn set_identity(&self, proposed: Identity) -> Result<Identity, Failure> {
        if let Some(identity) = self.identity()? {
            return Ok(identity);
        }
        let sql = "UPDATE registry SET identity = ?1, secret = ?2";
        self.run(sql, (proposed.registry, proposed.secret.expose()))?;
        Ok(proposed)
    }
}

#[async_trait]
impl Metadata for SqliteMetadata {
    async fn identity(&self, proposed: Identity) -> Result<Identity, MetadataError> {
        match self.read(|view| view.identity())? {
            Some(identity) => Ok(identity),
            None => {
                self.write(|transaction| transaction.set_identity(proposed))
                    .await
            }
        }
    }
}
