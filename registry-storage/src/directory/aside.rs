//! A database that another one takes the place of.

use std::{fs, io, path::Path};

use super::backup::sync_directory_of;
use crate::sqlite::beside;

/// Gives a database and its log another name, also where only one of them is there. What was done
/// before an interruption stays done: what stands aside is the one that was there first.
pub(super) fn set_aside(database: &Path, suffix: &str) -> io::Result<()> {
    let aside = beside(database, suffix);
    for (from, to) in [
        (database.to_owned(), aside.clone()),
        (beside(database, "wal"), beside(&aside, "wal")),
        (beside(database, "shm"), beside(&aside, "shm")),
    ] {
        let done = fs::exists(&to).unwrap_or(true) || !fs::exists(&from).unwrap_or(true);
        if !done {
            fs::rename(&from, &to)?;
        }
    }
    sync_directory_of(database)
}
