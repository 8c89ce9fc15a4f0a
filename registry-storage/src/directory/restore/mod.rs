//! Restoring: a data directory made from a backup.
//!
//! Files come first and the database last, under its name in one step; until then a file says that a
//! restore is under way, and nothing else opens the directory. An interrupted restore is said again and
//! goes on. It works in place instead of beside, because a data directory is often where a disk is
//! mounted.
//!
//! Nothing is deleted, also with `force`: a database that is there is set aside under another name, and
//! content that is there stays. Files have keys of their own, so those of the backup and those that are
//! younger than it do not meet; the latter are unknown to the older database. The content is marked as one
//! opened since, so whoever opens the two next begins a new generation, which keeps such files until an
//! operator decides.

mod place;

use std::{
    fs,
    path::{Path, PathBuf},
};

use registry_core::backend::ObjectKey;

use self::place::Place;
pub(super) use self::place::RESTORING;
use super::{
    backup::{BackupDescription, BackupError, Target},
    files::{self, blocking, sha256_of},
    progress::Tell,
};
use crate::{
    disk::Manner,
    sqlite::{Snapshot, forget_absent},
};

/// How a backup is restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreOptions {
    /// Files are given a further name instead of being copied, where both directories are on one file
    /// system.
    pub link: bool,
    /// Files are read and held against their digests.
    pub verify: bool,
    /// A database that is there is set aside, and content that is there is added to.
    pub force: bool,
}

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreReport {
    /// What was restored.
    pub description: BackupDescription,
    /// Files that were there.
    pub already: u64,
    /// Files that were brought.
    pub copied: u64,
    /// The bytes of those.
    pub copied_bytes: u64,
    /// Files that were not to be had: their contents count as absent until they are pushed again.
    pub missing: u64,
    /// Uploads under way at the time of the backup, which have to begin anew.
    pub uploads_dropped: u64,
    /// Where the database is that was there before.
    pub aside: Option<PathBuf>,
}

/// Makes a data directory from a backup.
///
/// # Errors
/// When it was not made. Files that cannot be had are no error: they are told, and counted.
pub async fn restore(
    from: &Path,
    to: &Path,
    options: RestoreOptions,
    tell: Tell<'_>,
) -> Result<RestoreReport, BackupError> {
    let source = Source::open(from).await?;
    let (to, description) = (to.to_owned(), source.description.clone());
    let place = blocking(move || Place::prepare(&to, &description, options.force)).await??;
    let manner = Manner {
        link: options.link,
        verify: options.verify,
    };
    let content = &source.target.content;
    let brought = files::bring(&source.snapshot, content, &place.content, manner, tell).await?;
    source.copy_database(&place.incoming()).await?;
    let missing = brought.wrong.len() as u64;
    let (uploads_dropped, aside) = place.finish(brought.wrong).await?;
    Ok(RestoreReport {
        description: source.description,
        already: brought.already,
        copied: brought.brought,
        copied_bytes: brought.brought_bytes,
        missing,
        uploads_dropped,
        aside,
    })
}

/// A finished backup.
struct Source {
    description: BackupDescription,
    database: PathBuf,
    snapshot: Snapshot,
    target: Target,
}

impl Source {
    async fn open(path: &Path) -> Result<Self, BackupError> {
        let path = path.to_owned();
        let target = blocking(move || Target::read(&path)).await??;
        let description = BackupDescription::read(&target.path)?;
        let description =
            description.ok_or_else(|| BackupError::Unfinished(target.path.clone()))?;
        let database = target.path.join(&description.database);
        if sha256_of(&database).await? != description.database_digest {
            return Err(BackupError::Damaged(database));
        }
        Ok(Self {
            description,
            snapshot: Snapshot::open(&database)?,
            database,
            target,
        })
    }

    async fn copy_database(&self, to: &Path) -> Result<(), BackupError> {
        let (from, to) = (self.database.clone(), to.to_owned());
        let at = to.clone();
        let copied = blocking(move || fs::copy(&from, &to)).await?;
        copied.map_err(|error| BackupError::io("write", &at, error))?;
        match sha256_of(&at).await? == self.description.database_digest {
            true => Ok(()),
            false => Err(BackupError::Damaged(at)),
        }
    }
}

impl Place {
    /// Puts the database in its place: with this the registry is there. It answers how many uploads were
    /// dropped, and where the database is that was there before.
    async fn finish(self, missing: Vec<ObjectKey>) -> Result<(u64, Option<PathBuf>), BackupError> {
        blocking(move || {
            let (dropped, lineage) = forget_absent(&self.incoming(), &missing)?;
            self.put_in_place(&lineage)?;
            Ok((dropped, self.aside()))
        })
        .await?
    }
}
