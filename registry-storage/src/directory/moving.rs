//! A registry that moves into a directory, or out of it.
//!
//! ```text
//! DIR/arriving     a registry is on its way here: its id
//! DIR/moved        the registry that was here is elsewhere: where, in words
//! ```
//!
//! Files say so and not the database, as with a restore, so that it is known before anything is opened, and taken back by
//! whoever must.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use registry_core::backend::Identity;

use super::{
    Directory, DirectoryError, DirectoryOptions,
    backup::{is_empty, sync_directory_of, write_lasting},
    identity::{Comparison, hex},
    make,
};

const ARRIVING: &str = "arriving";
const MOVED: &str = "moved";

/// What an attempt leaves that came no further.
const LOCK: &str = "metadata.sqlite-lock";

impl Directory {
    /// Opens a directory into which a registry moves: an empty one, or one that it was moving into before. Until
    /// [`arrived`](Self::arrived) nothing else opens it.
    ///
    /// # Errors
    /// Where anything else is there, and those of [`open`](Self::open).
    pub fn open_arriving(
        path: impl Into<PathBuf>,
        options: impl Into<DirectoryOptions>,
        identity: &Identity,
    ) -> Result<Self, DirectoryError> {
        let path = path.into();
        make(&path)?;
        refuse_moved(&path)?;
        let registry = hex(identity.registry);
        match said(&path, ARRIVING)? {
            Some(other) if other != registry => {
                let registry = other;
                return Err(DirectoryError::ArrivingOther { path, registry });
            }
            Some(_) => {}
            None => {
                // A directory that cannot be listed holds something.
                if !is_empty(&path, LOCK).unwrap_or(false) {
                    return Err(DirectoryError::Occupied(path));
                }
                say(&path, ARRIVING, &registry)?;
            }
        }
        let agree =
            |comparison: &Comparison<'_>, database, names| comparison.agree(database, names);
        Self::open_as(path, options.into(), identity, agree)
    }

    /// Which registry is on its way to a directory, if one is: its id in hex digits.
    ///
    /// # Errors
    /// Where that cannot be read.
    pub fn arriving_at(path: &Path) -> Result<Option<String>, DirectoryError> {
        said(path, ARRIVING)
    }

    /// All of the registry is there: the directory is opened as any other from now on.
    ///
    /// # Errors
    /// Where that cannot be written down.
    pub fn arrived(path: &Path) -> Result<(), DirectoryError> {
        let mark = path.join(ARRIVING);
        let removed = match fs::remove_file(&mark) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => sync_directory_of(&mark),
        };
        removed.map_err(|error| DirectoryError::Make(mark, error))
    }

    /// Says for good where the registry is now: nothing opens the directory any more.
    ///
    /// # Errors
    /// Where that cannot be written down.
    pub fn moved(&self, to: &str) -> Result<(), DirectoryError> {
        say(self.path(), MOVED, to)
    }

    /// Where the registry of a directory has moved to, if it has.
    ///
    /// # Errors
    /// Where that cannot be read.
    pub fn moved_to(path: &Path) -> Result<Option<String>, DirectoryError> {
        said(path, MOVED)
    }
}

/// Refuses what a registry has left, or has not wholly arrived at.
pub(super) fn refuse_moving(path: &Path) -> Result<(), DirectoryError> {
    refuse_moved(path)?;
    match said(path, ARRIVING)? {
        None => Ok(()),
        Some(_) => Err(DirectoryError::Arriving(path.to_owned())),
    }
}

fn refuse_moved(path: &Path) -> Result<(), DirectoryError> {
    match said(path, MOVED)? {
        None => Ok(()),
        Some(said) => Err(DirectoryError::Moved {
            path: path.to_owned(),
            said,
        }),
    }
}

fn said(path: &Path, mark: &str) -> Result<Option<String>, DirectoryError> {
    let mark = path.join(mark);
    match fs::read_to_string(&mark) {
        Ok(text) => Ok(Some(text.trim_end().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DirectoryError::Look(mark, error)),
    }
}

fn say(path: &Path, mark: &str, text: &str) -> Result<(), DirectoryError> {
    let mark = path.join(mark);
    let said = write_lasting(&mark, format!("{text}\n").as_bytes());
    said.map_err(|error| DirectoryError::Make(mark, error))
}
