//! What the journal beside the content does not have yet, and the thread that writes it there.
//!
//! A transaction notes in the table `journal` what it changed: which tag, which link, and not what of
//! it. Triggers do that, of the one connection that writes, so no command can forget it, and a database
//! whose journal is not kept pays nothing. A thread of its own looks once a second, reads what is noted
//! as it *then* is in one snapshot, appends that as a frame, and takes the notes away that did not come
//! again meanwhile. Notes that carry the bytes were the alternative: everything would be written three
//! times, and a tag that moves often as often as it moves.
//!
//! Notes are taken in the order of their kinds, contents before links before manifests before tags. So
//! what a record refers to stands before it, and a journal that ends anywhere makes sense up to there.
//!
//! What is not kept: how often something was pulled, uploads under way, and who may read. A reference
//! that only changes in whether it is required, because a manifest is pushed again under another
//! setting, is not noted.

mod apply;
mod keeper;
mod note;
mod read;
mod walk;

use std::{path::Path, sync::Arc};

use rusqlite::Connection;

pub(crate) use self::apply::{Rebuild, RebuildCounts};
pub use self::keeper::JournalFigures;
pub(super) use self::keeper::Keeper;
use super::{FORGET_JOURNAL, SqliteMetadata, SqliteOpenError, error::OpenError, open};
use crate::journal::JOURNAL;

/// Whether a journal is kept of a database, decided before anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    Journal,
    Nothing,
}

impl Keeping {
    /// Has the connection that writes note what it changes, or has a journal that is not kept any more
    /// be begun anew when it is kept again.
    pub(in crate::sqlite) fn prepare(self, writer: &Connection) -> Result<(), OpenError> {
        match self {
            Self::Journal => Ok(note::begin(writer)?),
            Self::Nothing => Ok(writer.execute_batch(FORGET_JOURNAL)?),
        }
    }
}

impl SqliteMetadata {
    /// Keeps a journal of a database that was opened for that, in a directory of content.
    pub(crate) fn keep_journal(
        &mut self,
        content: &Path,
        registry: &str,
        generation: u64,
    ) -> Result<(), SqliteOpenError> {
        let started = || {
            let of = keeper::Of {
                directory: content.join(JOURNAL),
                registry: registry.to_owned(),
                generation,
            };
            let connection = open::reader(&self.path)?;
            let (time, writer) = (Arc::clone(&self.time), self.writer.handle());
            Ok::<_, OpenError>(Keeper::start(of, connection, time, writer)?)
        };
        let keeper = started().map_err(|reason| SqliteOpenError::new(self.path.clone(), reason))?;
        self.journal = Some(keeper);
        Ok(())
    }

    /// How the journal stands; none where none is kept. It blocks for a read.
    #[must_use]
    pub fn journal_figures(&self) -> Option<JournalFigures> {
        let keeper = self.journal.as_ref()?;
        let waiting = self.read(|view| view.noted()).unwrap_or_default();
        Some(keeper.figures(waiting, self.time.now()))
    }

    /// Has the journal written up to now. It blocks until that is done.
    ///
    /// # Errors
    /// What went wrong; it is tried again by itself.
    pub fn write_journal(&self) -> Result<(), String> {
        self.journal.as_ref().map_or(Ok(()), Keeper::write_now)
    }
}
