//! Where a database is made again.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_core::{Random, Timestamp};

use super::RebuildError;
use crate::{
    Durability, SystemRandom,
    directory::{
        CONTENT, ContentIdentity, METADATA, aside::set_aside, backup::sync_directory_of, exists,
        identity::hex, refuse_unready,
    },
    disk::DiskBlobs,
    journal::JOURNAL,
    sqlite::{Lineage, Rebuild, RebuildCounts, Reserved, Snapshot, beside, reserve},
};

/// A data directory whose database is lost, held.
pub(super) struct Place {
    path: PathBuf,
    content: ContentIdentity,
    pub(super) blobs: DiskBlobs,
    /// What is there in the place of a database.
    damaged: bool,
    _reserved: Reserved,
}

impl Place {
    /// Makes sure that there is something to rebuild from, and nothing that is sound.
    pub(super) fn prepare(path: &Path) -> Result<Self, RebuildError> {
        refuse_unready(path)?;
        let content = ContentIdentity::of(path)?;
        let content = content.ok_or_else(|| RebuildError::NoContent(path.to_owned()))?;
        let database = path.join(METADATA);
        let reserved = reserve(&database)?;
        let damaged = is_damaged(&database)?;
        let random = Arc::new(SystemRandom);
        let place = Self {
            path: path.to_owned(),
            content,
            blobs: DiskBlobs::open(path.join(CONTENT), Durability::Strict, random)?,
            damaged,
            _reserved: reserved,
        };
        place.begin_anew()?;
        Ok(place)
    }

    pub(super) fn content(&self) -> PathBuf {
        self.path.join(CONTENT)
    }

    pub(super) fn journal(&self) -> Journal {
        Journal {
            path: self.content().join(JOURNAL),
            registry: hex(self.content.registry),
        }
    }

    /// Where the database is before it is whole.
    pub(super) fn incoming(&self) -> PathBuf {
        beside(&self.path.join(METADATA), "rebuilt")
    }

    /// Takes away what a rebuild left that was interrupted.
    fn begin_anew(&self) -> Result<(), RebuildError> {
        let incoming = self.incoming();
        match fs::remove_file(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(RebuildError::io("delete", &incoming, error))
            }
            _ => Ok(()),
        }
    }

    /// Puts the database in its place, in a new generation. It answers what it holds, and where that is
    /// which was there before.
    pub(super) fn finish(
        self,
        rebuild: Rebuild,
        now: Timestamp,
        change: u64,
    ) -> Result<(RebuildCounts, Option<PathBuf>), RebuildError> {
        let lineage = Lineage {
            registry: Some(self.content.registry),
            generation: self.content.generation + 1,
            opened: self.content.opened,
            orphans_held: true,
        };
        let mut secret = [0; 32];
        SystemRandom.fill(&mut secret);
        let counts = rebuild.finish(&lineage, &secret, now, change)?;
        let (incoming, database) = (self.incoming(), self.path.join(METADATA));
        let aside = self.make_room(&database)?;
        let put = || {
            File::open(&incoming)?.sync_all()?;
            fs::rename(&incoming, &database)?;
            sync_directory_of(&database)
        };
        put().map_err(|error| RebuildError::io("put in place", &database, error))?;
        Ok((counts, aside))
    }

    /// Sets aside what is left of a database, under the first name that is free.
    fn make_room(&self, database: &Path) -> Result<Option<PathBuf>, RebuildError> {
        if !self.damaged {
            return Ok(None);
        }
        let mut names = (1..).map(|number| format!("damaged-{number}"));
        let is_free = |name: &String| {
            let aside = beside(database, name);
            !fs::exists(&aside).unwrap_or(true)
                && !fs::exists(beside(&aside, "wal")).unwrap_or(true)
        };
        let name = names.find(is_free).unwrap_or_default();
        set_aside(database, &name)
            .map_err(|error| RebuildError::io("set aside", database, error))?;
        Ok(Some(beside(database, &name)))
    }
}

/// A journal, and whose it should be.
pub(super) struct Journal {
    pub(super) path: PathBuf,
    pub(super) registry: String,
}

/// Whether there is something that is left of a database. A sound one is refused, and so is what may be
/// one: of a newer version, or of something else.
fn is_damaged(database: &Path) -> Result<bool, RebuildError> {
    if !exists(database)? {
        return Ok(exists(&beside(database, "wal"))?);
    }
    let is_empty = fs::metadata(database).is_ok_and(|found| found.len() == 0);
    match Snapshot::open(database) {
        _ if is_empty => Ok(true),
        Err(error) if error.is_damage() => Ok(true),
        Err(error) => Err(error.into()),
        Ok(snapshot) => match snapshot.is_sound() {
            Ok(true) => Err(RebuildError::Sound(database.to_owned())),
            Ok(false) => Ok(true),
            Err(error) => match crate::sqlite::unsound(error) {
                None => Ok(true),
                Some(error) => Err(RebuildError::Write(error)),
            },
        },
    }
}
