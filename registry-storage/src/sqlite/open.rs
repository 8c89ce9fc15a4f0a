//! Opening: what is there is used or refused, and only where nothing is, something is made.
//!
//! A new database is made beside its place and renamed into it when it is whole. SQLite would make it
//! in place, from an empty file; then a file that was cut to nothing could not be told from one that
//! was never filled, and a registry that lost everything would start as if it were new.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    error::OpenError,
    lock::beside,
    schema::{migrate, recognise},
};
use crate::Durability;

/// Statements kept prepared, more than there are.
const STATEMENTS: usize = 256;

/// Pages that each connection keeps, as negative KiB.
const WRITER_CACHE: i32 = -8 * 1024;
const READER_CACHE: i32 = -2 * 1024;

/// Nobody else writes; this only covers somebody who looks in from outside, with a shell.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connection that writes.
pub(super) fn writer(path: &Path, durability: Durability) -> Result<Connection, OpenError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() == 0 => return Err(OpenError::Empty),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path)?,
        Err(error) => return Err(error.into()),
    }
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    recognise(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous(durability))?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// A connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "cache_size", READER_CACHE)?;
    Ok(connection)
}

pub(super) fn connect(path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A statement keeps its plan. Without this it is planned again for each value that might suit a
    // partial index better, which costs more than to run it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

fn synchronous(durability: Durability) -> &'static str {
    match durability {
        Durability::Strict => "FULL",
        Durability::Relaxed => "NORMAL",
    }
}

/// Makes a new database. What a crash leaves of it lies beside, and is made anew.
fn make(path: &Path) -> Result<(), OpenError> {
    let new = beside(path, "new");
    for leftover in [&new, &beside(&new, "journal")] {
        remove(leftover)?;
    }
    let create = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = connect(&new, create)?;
    migrate(&mut connection)?;
    connection.close().map_err(|(_, error)| error)?;
    refuse_orphaned_log(path)?;
    fs::rename(&new, path)?;
    sync_directory(path)
}

/// A log without its database holds what a database that was lost had committed last. SQLite would
/// take it away.
fn refuse_orphaned_log(path: &Path) -> Result<(), OpenError> {
    match fs::metadata(beside(path, "wal")) {
        Ok(log) if log.len() > 0 => Err(OpenError::OrphanedLog),
        _ => Ok(()),
    }
}

fn remove(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn sync_directory(path: &Path) -> Result<(), OpenError> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}
