//! Which registry's content this is.
//!
//! ```text
//! DIR/content/registry     registry 0f1e2d3c4b5a69788796a5b4c3d2e1f0
//!                          generation 1
//!                          opened 17
//! ```
//!
//! The database and the content each say which registry they belong to, and are compared whenever they
//! are opened. Content without this file under a database that names objects is a disk that is not
//! mounted; content of another registry was put there by mistake; and both would look to the collector
//! like a store full of what nothing needs.
//!
//! Both count how often they were opened together, so a database that was put back from a backup is found
//! to be behind its content, however it got there. It then begins a new *generation*: objects that it
//! does not know may be newer than it, and are kept until an operator decides. Comparing times of files
//! was the alternative, and copying sets them anew.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{CONTENT, error::DirectoryError, exists};
use crate::sqlite::Lineage;

/// The file's name, in the directory of content.
const MARKER: &str = "registry";

/// What a directory of content says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentIdentity {
    /// The registry it belongs to.
    pub registry: [u8; 16],
    /// Grows whenever its database was replaced by another one.
    pub generation: u64,
    /// How often it was opened beside its database.
    pub opened: u64,
}

impl ContentIdentity {
    /// What the content of a data directory says of itself, where it says anything.
    ///
    /// # Errors
    /// Where that cannot be read or is no such thing.
    pub fn of(directory: &Path) -> Result<Option<Self>, DirectoryError> {
        let path = marker(directory);
        match fs::read_to_string(&path) {
            Ok(text) => match Self::parse(&text) {
                Some(identity) => Ok(Some(identity)),
                None => Err(DirectoryError::Unreadable(path)),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DirectoryError::Look(path, error)),
        }
    }

    /// Writes it, and answers when it is on the disk.
    pub(super) fn write(&self, directory: &Path) -> Result<(), DirectoryError> {
        let path = marker(directory);
        self.replace(&path)
            .map_err(|error| DirectoryError::Make(path, error))
    }

    fn replace(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(self.text().as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        File::open(path.parent().unwrap_or(path))?.sync_all()
    }

    fn text(&self) -> String {
        let registry = u128::from_be_bytes(self.registry);
        let (generation, opened) = (self.generation, self.opened);
        format!("registry {registry:032x}\ngeneration {generation}\nopened {opened}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut value = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        let registry = value("registry")?;
        let identity = Self {
            registry: u128::from_str_radix(registry, 16).ok()?.to_be_bytes(),
            generation: value("generation")?.parse().ok()?,
            opened: value("opened")?.parse().ok()?,
        };
        (identity.text() == text).then_some(identity)
    }
}

impl From<&Lineage> for ContentIdentity {
    fn from(lineage: &Lineage) -> Self {
        Self {
            registry: lineage.registry.unwrap_or_default(),
            generation: lineage.generation,
            opened: lineage.opened,
        }
    }
}

/// A registry's name for people, as it stands in the file and in sentences.
pub(super) fn hex(registry: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(registry))
}

/// What the two say, and whether they belong together.
pub(super) struct Comparison<'a> {
    pub(super) directory: &'a Path,
    pub(super) content: Option<ContentIdentity>,
    /// Whether the store's own marker is there.
    pub(super) is_store: bool,
}

impl<'a> Comparison<'a> {
    /// Looks at the content of a data directory, before anything is opened or made.
    pub(super) fn of(directory: &'a Path) -> Result<Self, DirectoryError> {
        Ok(Self {
            directory,
            content: ContentIdentity::of(directory)?,
            is_store: exists(&directory.join(CONTENT).join("layout"))?,
        })
    }

    /// Whether a database may be made where there is none.
    pub(super) fn begin(&self) -> Result<(), DirectoryError> {
        match &self.content {
            Some(content) => Err(self.lost(content)),
            None => Ok(()),
        }
    }

    /// What the database shall say once both are open.
    pub(super) fn agree(
        &self,
        database: Lineage,
        names_objects: bool,
    ) -> Result<Lineage, DirectoryError> {
        let Some(content) = self.content else {
            let was_marked = database.opened > 0 || !self.is_store;
            return match was_marked && names_objects {
                true => Err(DirectoryError::ContentAbsent(self.path())),
                false => Ok(database.opened_again(0)),
            };
        };
        match database.registry {
            Some(registry) if registry == content.registry => Ok(database.beside(&content)),
            Some(registry) => Err(DirectoryError::ContentForeign {
                content: self.path(),
                found: hex(content.registry),
                wanted: hex(registry),
            }),
            None => Err(self.lost(&content)),
        }
    }

    /// What the database shall say that was put in the place of another.
    pub(super) fn replaced(&self, database: Lineage) -> Result<Lineage, DirectoryError> {
        let Some(content) = self.content else {
            return Ok(database.opened_again(0).next_generation(0));
        };
        if let Some(registry) = database.registry
            && registry != content.registry
        {
            return self.agree(database, true);
        }
        let registry = Some(content.registry);
        let database = Lineage {
            registry,
            ..database.opened_again(content.opened)
        };
        Ok(database.next_generation(content.generation))
    }

    fn lost(&self, content: &ContentIdentity) -> DirectoryError {
        DirectoryError::DatabaseAbsent {
            content: self.path(),
            registry: hex(content.registry),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(CONTENT)
    }
}

impl Lineage {
    /// Beside content of the same registry: one that is behind it was put back from before.
    fn beside(self, content: &ContentIdentity) -> Self {
        let is_older = self.opened < content.opened || self.generation < content.generation;
        let opened = self.opened_again(content.opened);
        match is_older {
            true => opened.next_generation(content.generation),
            false => opened,
        }
    }

    fn opened_again(self, content: u64) -> Self {
        let opened = self.opened.max(content) + 1;
        Self { opened, ..self }
    }

    fn next_generation(self, content: u64) -> Self {
        Self {
            generation: self.generation.max(content) + 1,
            orphans_held: true,
            ..self
        }
    }
}

fn marker(directory: &Path) -> PathBuf {
    directory.join(CONTENT).join(MARKER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_anything_else_is_refused() {
        let identity = ContentIdentity {
            registry: [0xab; 16],
            generation: 3,
            opened: 17,
        };
        let text = identity.text();
        assert_eq!(ContentIdentity::parse(&text), Some(identity));
        for wrong in [
            "",
            "registry ab\n",
            &text[..text.len() - 1],
            &text.repeat(2),
        ] {
            assert_eq!(ContentIdentity::parse(wrong), None, "{wrong:?}");
        }
    }
}
