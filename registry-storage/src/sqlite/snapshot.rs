//! A copy of the database at one moment, and what it says.
//!
//! `VACUUM INTO` on a connection of its own reads one snapshot, which stops no writer; the log is not
//! begun anew until it ends. SQLite's page-wise backup was the alternative: it copies free pages as
//! well, and begins again whenever something is committed between two of its steps, which under a load
//! of pushes is always.

use std::{
    fs::File,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use registry_core::backend::{MetadataError, ObjectKey};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};

use super::{
    SqliteMetadata, SqliteOpenError,
    error::{Failure, OpenError},
    lineage::Lineage,
    lock::Lock,
    open::{connect, reader},
    schema,
    value::{Bits, Text, limit},
};
use crate::disk::NamedObject;

impl SqliteMetadata {
    /// Writes everything committed up to now into a new file, durably. It blocks, and stops nobody.
    pub(crate) fn snapshot(&self, to: &Path) -> Result<(), SqliteOpenError> {
        self.write_snapshot(to)
            .map_err(|reason| SqliteOpenError::new(to.to_owned(), reason))
    }

    fn write_snapshot(&self, to: &Path) -> Result<(), OpenError> {
        let name = to.to_str().ok_or(OpenError::NotUnicode)?;
        reader(&self.path)?.execute("VACUUM INTO ?1", [name])?;
        Ok(File::open(to)?.sync_all()?)
    }
}

/// Nobody opens the database while this is held, nor makes one.
pub(crate) struct Reserved {
    _lock: Lock,
}

/// Keeps the place of a database for oneself.
pub(crate) fn reserve(path: &Path) -> Result<Reserved, SqliteOpenError> {
    let lock = Lock::take(path).map_err(|reason| SqliteOpenError::new(path.to_owned(), reason))?;
    Ok(Reserved { _lock: lock })
}

/// A database that nobody changes.
pub(crate) struct Snapshot {
    connection: Mutex<Connection>,
}

/// What a database holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Repositories.
    pub repositories: u64,
    /// Tags of all of them.
    pub tags: u64,
    /// Manifests of all of them.
    pub manifests: u64,
    /// Contents, each once however many repositories have it.
    pub contents: u64,
    /// Those of them that are files.
    pub files: u64,
    /// The bytes of those files.
    pub bytes: u64,
}

impl Snapshot {
    /// Opens a database for reading.
    pub(crate) fn open(path: &Path) -> Result<Self, SqliteOpenError> {
        let open = || {
            let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            schema::recognise(&connection)?;
            schema::refuse_newer(&connection)?;
            let connection = Mutex::new(connection);
            Ok(Self { connection })
        };
        open().map_err(|reason| SqliteOpenError::new(path.to_owned(), reason))
    }

    /// Whether its pages make sense, and everything in it that refers to something else finds it.
    pub(crate) fn is_sound(&self) -> rusqlite::Result<bool> {
        let connection = self.connection();
        let said: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
        Ok(said == "ok")
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn schema(&self) -> rusqlite::Result<usize> {
        schema::version(&self.connection())
    }

    /// The registry's id, where one was made.
    pub(crate) fn registry(&self) -> rusqlite::Result<Option<[u8; 16]>> {
        let sql = "SELECT identity FROM registry";
        self.connection().query_row(sql, (), |row| row.get(0))
    }

    pub(crate) fn counts(&self) -> rusqlite::Result<Counts> {
        let sql = "SELECT (SELECT count(*) FROM repositories), (SELECT count(*) FROM tags),
                (SELECT count(*) FROM manifests), (SELECT count(*) FROM contents),
                count(*), ifnull(sum(size), 0)
            FROM contents WHERE object IS NOT NULL AND quarantined = 0";
        self.connection().query_row(sql, (), |row| {
            let number = |column| Ok::<_, rusqlite::Error>(row.get::<_, Bits>(column)?.0);
            Ok(Counts {
                repositories: number(0)?,
                tags: number(1)?,
                manifests: number(2)?,
                contents: number(3)?,
                files: number(4)?,
                bytes: number(5)?,
            })
        })
    }

    /// Objects that serve, in the order of their keys.
    pub(crate) fn objects(
        &self,
        after: Option<&ObjectKey>,
        most: usize,
    ) -> rusqlite::Result<Vec<NamedObject>> {
        let sql = "SELECT object, digest, size FROM contents
            WHERE object > ?1 AND quarantined = 0 ORDER BY object LIMIT ?2";
        let after = after.map_or("", ObjectKey::as_str);
        let connection = self.connection();
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map((after, limit(most)), object)?;
        rows.collect()
    }

    /// Whether a key is that of an object that serves.
    pub(crate) fn names(&self, key: &ObjectKey) -> rusqlite::Result<bool> {
        let sql = "SELECT 1 FROM contents WHERE object = ?1 AND quarantined = 0";
        let connection = self.connection();
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement.query_row([key.as_str()], |_| Ok(())).optional()?;
        Ok(found.is_some())
    }
}

fn object(row: &Row<'_>) -> rusqlite::Result<NamedObject> {
    Ok(NamedObject {
        key: ObjectKey::new(row.get_ref(0)?.as_str()?),
        digest: row.get::<_, Text<_>>(1)?.0,
        size: row.get::<_, Bits>(2)?.0,
    })
}

/// What a database that was copied does not have any more: uploads whose bytes were files, and contents
/// whose files were not to be had. The latter are in quarantine from now on, so that clients see them
/// as absent and the next push heals them. It answers how many uploads there were, and what the database
/// says of itself.
pub(crate) fn forget_absent(
    path: &Path,
    absent: &[ObjectKey],
) -> Result<(u64, Lineage), SqliteOpenError> {
    let forget = || {
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut connection)?;
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM expired", ())?;
        transaction.execute("DELETE FROM upload_tails", ())?;
        let dropped = transaction.execute("DELETE FROM uploads WHERE object IS NOT NULL", ())?;
        for key in absent {
            let sql = "UPDATE contents SET quarantined = 1 WHERE object = ?1";
            transaction.execute(sql, [key.as_str()])?;
        }
        transaction.commit()?;
        Ok((dropped as u64, Lineage::load(&connection)?))
    };
    forget().map_err(|reason| SqliteOpenError::new(path.to_owned(), reason))
}

/// What it means that a database was not read.
pub(crate) fn unavailable(error: rusqlite::Error) -> MetadataError {
    Failure::from(error).into()
}

/// What it means that a database could not be examined; nothing where the reason is what it is.
pub(crate) fn unsound(error: rusqlite::Error) -> Option<MetadataError> {
    match OpenError::from(error) {
        OpenError::Garbage(_) => None,
        OpenError::Sqlite(error) => Some(unavailable(error)),
        other => Some(MetadataError::new(
            registry_core::backend::MetadataErrorKind::Unavailable,
            other.to_string(),
        )),
    }
}
