//! Backups: everything a registry has, in another directory, while it goes on.
//!
//! A backup is a copy of the database at one moment and every file that this copy names. Files never
//! change and have keys of their own, so those that a backup has it keeps, and only new ones are
//! copied; nothing is asked to wait but deletions of files, which are held until the end. A copy of the
//! file system at one moment was the alternative: it needs a file system that can, and root.
//!
//! ```text
//! hold deletions ─► copy the database ─► bring files ─► describe it (backup.json) ─► remove old files
//!                                        (each durable)   └ from here on this is the backup
//! ```
//!
//! Until it is described, the backup before is whole and is the one that would be restored. An
//! interrupted backup keeps the files it has; the next one takes a new copy of the database and goes on.

mod description;
mod error;
mod target;

use std::{fs, path::Path};

use registry_core::{Clock, Random, SystemClock};

pub use self::{description::BackupDescription, error::BackupError};
pub(super) use self::{
    description::{hex, sync_directory_of, write_lasting},
    target::{Target, is_backup, is_empty},
};
use super::{
    Directory, files,
    files::{Files, blocking, sha256_of},
    progress::Tell,
};
use crate::{
    SystemRandom,
    disk::Manner,
    sqlite::{DeletionHold, Snapshot},
};

/// How a backup is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupOptions {
    /// Files are given a further name instead of being copied, where both directories are on one file
    /// system. It takes no space and no time, and is no help against a disk that fails.
    pub link: bool,
    /// Files are read and held against their digests, those that were there as well.
    pub verify: bool,
}

/// What a backup did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// What there is now.
    pub description: BackupDescription,
    /// Files that an earlier backup had brought.
    pub already: u64,
    /// Files that were new.
    pub copied: u64,
    /// The bytes of those.
    pub copied_bytes: u64,
    /// Files of earlier backups that this one does not name, and that were removed.
    pub pruned: u64,
}

impl Directory {
    /// Makes a backup, or goes on with one. Pushes and pulls go on; no file is deleted meanwhile.
    /// Dropping it stops it within a few files; the backup before stays whole.
    ///
    /// # Errors
    /// When it was not made. Files that cannot be had are no error: they are told, and counted.
    pub async fn back_up(
        &self,
        to: &Path,
        options: BackupOptions,
        tell: Tell<'_>,
    ) -> Result<BackupReport, BackupError> {
        let making = Making::begin(self, to).await?;
        let manner = Manner {
            link: options.link,
            verify: options.verify,
        };
        let content = &making.target.content;
        let files = files::bring(&making.snapshot, &self.blobs, content, manner, tell).await?;
        making.finish(files).await
    }
}

/// A backup under way.
struct Making {
    description: BackupDescription,
    snapshot: Snapshot,
    target: Target,
    hold: DeletionHold,
}

impl Making {
    async fn begin(directory: &Directory, to: &Path) -> Result<Self, BackupError> {
        let path = to.to_owned();
        let target = blocking(move || Target::make(&path)).await??;
        let hold = directory.metadata.hold_deletions();
        let mut unique = [0; 8];
        SystemRandom.fill(&mut unique);
        let path = target.new_database(u64::from_be_bytes(unique));
        let taken = SystemClock.now();
        let (metadata, at) = (directory.metadata.clone(), path.clone());
        let snapshot = blocking(move || {
            metadata.snapshot(&at)?;
            Snapshot::open(&at)
        });
        let snapshot = snapshot.await??;
        let registry = hex(snapshot.registry()?.ok_or(BackupError::NeverStarted)?);
        if let Err(another) = refuse_another(&target, &registry) {
            drop(fs::remove_file(&path));
            return Err(another);
        }
        let name = path.file_name().unwrap_or_default();
        let description = BackupDescription {
            registry,
            taken,
            database: name.to_string_lossy().into_owned(),
            database_digest: sha256_of(&path).await?,
            schema: snapshot.schema()?,
            holds: snapshot.counts()?,
            missing: 0,
        };
        Ok(Self {
            description,
            snapshot,
            target,
            hold,
        })
    }

    async fn finish(mut self, files: Files) -> Result<BackupReport, BackupError> {
        self.description.missing = files.wrong.len() as u64;
        self.description.write(&self.target.path)?;
        drop(self.hold);
        let pruned = self.target.prune(&self.description, &self.snapshot).await?;
        Ok(BackupReport {
            description: self.description,
            already: files.already,
            copied: files.brought,
            copied_bytes: files.brought_bytes,
            pruned,
        })
    }
}

fn refuse_another(target: &Target, registry: &str) -> Result<(), BackupError> {
    match BackupDescription::read(&target.path)? {
        Some(found) if found.registry != registry => Err(BackupError::AnotherRegistry {
            path: target.path.clone(),
            found: found.registry,
            wanted: registry.to_owned(),
        }),
        _ => Ok(()),
    }
}
