//! One process at a time.
//!
//! A file beside the database is locked for as long as the database is open. SQLite's own exclusive
//! mode was the alternative; it allows a single connection, and so no readers.

use std::{
    ffi::OsString,
    fmt,
    fs::{File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use super::error::OpenError;

/// Held while the database is open; the system lets go of it when the process ends, however it ends.
/// The file says which process has it, for whoever is refused.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(database: &Path) -> Result<Self, OpenError> {
        let path = beside(database, "lock");
        let mut options = File::options();
        let mut file = options.create(true).read(true).append(true).open(path)?;
        match file.try_lock() {
            Ok(()) => sign(&mut file)?,
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(Self { _file: file })
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

/// The process that has it. One that has it since just now may not have signed yet.
fn holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.take(32).read_to_string(&mut text);
    Holder(read.ok().and_then(|_| text.trim_end().parse().ok()))
}

/// A process that has the lock, where it is known.
#[derive(Debug)]
pub(super) struct Holder(Option<u32>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pid) => write!(f, "another process (pid {pid}) has it open"),
            None => f.write_str("another process has it open"),
        }
    }
}

/// The path of a file that belongs to a database.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(database);
    path.push("-");
    path.push(suffix);
    path.into()
}
