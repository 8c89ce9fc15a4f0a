//! How a data directory is opened.

use crate::Durability;

/// How a data directory is opened.
///
/// ```
/// use registry_storage::{Durability, directory::DirectoryOptions};
///
/// let options = DirectoryOptions::from(Durability::Strict).journal(true);
/// assert!(options.journal);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryOptions {
    /// What an answer is worth.
    pub durability: Durability,
    /// Whether what the database knows is written down beside the content as well, so that
    /// [`rebuild`](super::rebuild) can make a database again that was lost. It costs a thread, and the
    /// size of the database a few times over. Not unless it is asked for.
    pub journal: bool,
}

impl DirectoryOptions {
    /// Has a journal kept, or not.
    #[must_use]
    pub fn journal(self, journal: bool) -> Self {
        Self { journal, ..self }
    }
}

impl From<Durability> for DirectoryOptions {
    fn from(durability: Durability) -> Self {
        Self {
            durability,
            journal: false,
        }
    }
}
