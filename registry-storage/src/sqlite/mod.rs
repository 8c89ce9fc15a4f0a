//! Metadata in an SQLite database.

mod changes;
mod collection;
mod content;
mod error;
mod facts;
mod lock;
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
mod time;
mod transaction;
mod uploads;
mod value;
mod view;
mod writer;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use registry_core::{
    Clock, Secret,
    backend::{Identity, Metadata, MetadataError},
};

pub use self::{error::SqliteOpenError, writer::CommitCounts};
use self::{
    error::{Failure, OpenError},
    lock::Lock,
    readers::Readers,
    time::Time,
    transaction::{Counters, Transaction},
    view::View,
    writer::Writer,
};
use crate::Durability;

/// [`Metadata`] in an SQLite database.
pub struct SqliteMetadata {
    // In the order in which they are dropped: what writes ends when no reader is left, and then nothing
    // holds the lock.
    readers: Arc<Readers>,
    writer: Writer,
    time: Arc<Time>,
    path: PathBuf,
    _lock: Lock,
}

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
        Self::try_open(path, clock, durability)
            .map_err(|reason| SqliteOpenError::new(path.to_owned(), reason))
    }

    fn try_open(
        path: &Path,
        clock: Arc<dyn Clock>,
        durability: Durability,
    ) -> Result<Self, OpenError> {
        let lock = Lock::take(path)?;
        let connection = open::writer(path, durability)?;
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
            readers,
            writer,
            time,
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// How much was committed since this was opened.
    #[must_use]
    pub fn commit_counts(&self) -> CommitCounts {
        self.writer.counts()
    }

    /// Runs a command and answers once it is committed.
    async fn write<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, MetadataError> {
        self.writer.run(command).await
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
