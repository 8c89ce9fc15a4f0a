//! A registry in a directory: everything one machine needs, with no other service.
//!
//! ```text
//! DIR/metadata.sqlite         everything but large content
//! DIR/metadata.sqlite-lock    locked by the process that has the directory open
//! DIR/content                 large content, a file each
//! DIR/content/registry        which registry's content it is
//! DIR/content/journal         what the database knows, in case it is lost; where that is kept
//! DIR/restoring               there while a backup is restored into it
//! DIR/arriving, DIR/moved     there while a registry moves in, and once it has moved out
//! ```
//!
//! The database and the files could be opened apart, and are where an embedder keeps them apart. What
//! concerns both belongs here: who owns them, and all that compares the one with the other.

mod aside;
mod backup;
mod error;
mod files;
mod identity;
mod moving;
mod options;
mod progress;
mod rebuild;
mod restore;

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_core::{Builder, Registry, SystemClock, backend::Identity};

use self::{backup::is_backup, identity::Comparison, moving::refuse_moving, restore::RESTORING};
pub use self::{
    backup::{BackupDescription, BackupError, BackupOptions, BackupReport},
    error::DirectoryError,
    identity::ContentIdentity,
    options::DirectoryOptions,
    progress::{Progress, Tell, Told},
    rebuild::{RebuildError, RebuildFinding, RebuildReport, TellFinding, check_journal, rebuild},
    restore::{RestoreOptions, RestoreReport, restore},
};
pub use crate::sqlite::{Counts, JournalFigures};
use crate::{
    SystemRandom,
    disk::DiskBlobs,
    sqlite::{Keeping, Lineage, SqliteMetadata},
};

const METADATA: &str = "metadata.sqlite";
const CONTENT: &str = "content";

/// A registry's data directory, open. No other process can open it meanwhile.
///
/// ```
/// use registry_core::AllowAll;
/// use registry_storage::{Durability, InlineSpawner, directory::Directory};
///
/// # let place = tempfile::tempdir().unwrap();
/// # let path = place.path().join("data");
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let directory = Directory::open(path, Durability::Strict)?;
/// let parts = directory.builder().policy(AllowAll).spawner(InlineSpawner);
/// let registry = parts.build().await?;
/// # drop(registry);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
    metadata: Arc<SqliteMetadata>,
    blobs: DiskBlobs,
    identity: ContentIdentity,
}

impl Directory {
    /// Opens a directory, which is made if it is not there. This blocks, as befits a start.
    ///
    /// # Errors
    /// Where another process has it open, or what is there cannot be used.
    pub fn open(
        path: impl Into<PathBuf>,
        options: impl Into<DirectoryOptions>,
    ) -> Result<Self, DirectoryError> {
        Self::open_with(
            path.into(),
            options.into(),
            |comparison, database, names| comparison.agree(database, names),
        )
    }

    /// Opens a directory whose database was put in the place of another: restored from a backup, or made
    /// again from the content. It becomes the content's, in a new generation: objects that it does not
    /// know are kept until [`hold_orphans`](registry_core::backend::Collection::hold_orphans) says
    /// otherwise.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_replaced(
        path: impl Into<PathBuf>,
        options: impl Into<DirectoryOptions>,
    ) -> Result<Self, DirectoryError> {
        Self::open_with(path.into(), options.into(), |comparison, database, _| {
            comparison.replaced(database)
        })
    }

    fn open_with(
        path: PathBuf,
        options: DirectoryOptions,
        agree: impl FnOnce(&Comparison<'_>, Lineage, bool) -> Result<Lineage, DirectoryError>,
    ) -> Result<Self, DirectoryError> {
        make(&path)?;
        refuse_moving(&path)?;
        Self::open_as(path, options, &Identity::fresh(&SystemRandom), agree)
    }

    /// Opens a directory that is there, whose registry has this identity if it has none yet.
    fn open_as(
        path: PathBuf,
        options: DirectoryOptions,
        fresh: &Identity,
        agree: impl FnOnce(&Comparison<'_>, Lineage, bool) -> Result<Lineage, DirectoryError>,
    ) -> Result<Self, DirectoryError> {
        refuse_unready(&path)?;
        let comparison = Comparison::of(&path)?;
        if !exists(&path.join(METADATA))? {
            comparison.begin()?;
        }
        let durability = options.durability;
        let keeping = match options.journal {
            true => Keeping::Journal,
            false => Keeping::Nothing,
        };
        let (mut metadata, lineage) = SqliteMetadata::open_agreed(
            &path.join(METADATA),
            Arc::new(SystemClock),
            (durability, keeping),
            fresh,
            |database, names_objects| agree(&comparison, database, names_objects),
        )?;
        let blobs = DiskBlobs::open(path.join(CONTENT), durability, Arc::new(SystemRandom))?;
        let identity = ContentIdentity::from(&lineage);
        identity.write(&path)?;
        if options.journal {
            let registry = identity::hex(identity.registry);
            metadata.keep_journal(&path.join(CONTENT), &registry, identity.generation)?;
        }
        Ok(Self {
            path,
            metadata: Arc::new(metadata),
            blobs,
            identity,
        })
    }

    /// Opens a directory that holds a registry already.
    ///
    /// # Errors
    /// Where it holds none; otherwise those of [`open`](Self::open).
    pub fn open_existing(
        path: impl Into<PathBuf>,
        options: impl Into<DirectoryOptions>,
    ) -> Result<Self, DirectoryError> {
        let path = path.into();
        refuse_moving(&path)?;
        refuse_unready(&path)?;
        match exists(&path.join(METADATA))? {
            true => Self::open(path, options),
            false => Err(DirectoryError::NoRegistry(path)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which registry's it is.
    #[must_use]
    pub fn identity(&self) -> ContentIdentity {
        self.identity
    }

    /// Its database.
    #[must_use]
    pub fn metadata(&self) -> &Arc<SqliteMetadata> {
        &self.metadata
    }

    /// Its large content.
    #[must_use]
    pub fn blobs(&self) -> &DiskBlobs {
        &self.blobs
    }

    /// Closes it: resolves when all others who have it have dropped it too, the registries over it and what
    /// they still do among them. Then another process can open it.
    pub async fn close(self) {
        let closed = self.metadata.closed();
        drop(self);
        closed.await;
    }

    /// The parts of a registry over it: a policy and a spawner are missing.
    pub fn builder(&self) -> Builder {
        let (metadata, blobs) = (self.metadata.clone(), Arc::new(self.blobs.clone()));
        #[cfg(feature = "abort-points")]
        let (metadata, blobs) = crate::marked::around(metadata, blobs);
        Registry::builder()
            .metadata(metadata)
            .blobs(blobs)
            .random(SystemRandom)
    }
}

/// Makes a directory if it is not there. Whoever may read the files may read every private repository.
fn make(path: &Path) -> Result<(), DirectoryError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| DirectoryError::Make(path.to_owned(), error))
}

fn exists(path: &Path) -> Result<bool, DirectoryError> {
    fs::exists(path).map_err(|error| DirectoryError::Look(path.to_owned(), error))
}

/// Refuses what no registry may work in.
fn refuse_unready(path: &Path) -> Result<(), DirectoryError> {
    if is_backup(path) {
        return Err(DirectoryError::Backup(path.to_owned()));
    }
    match exists(&path.join(RESTORING))? {
        true => Err(DirectoryError::Restoring(path.to_owned())),
        false => Ok(()),
    }
}
