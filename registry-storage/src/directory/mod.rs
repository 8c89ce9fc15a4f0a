//! A registry in a directory: everything one machine needs, with no other service.
//!
//! ```text
//! DIR/metadata.sqlite         everything but large content
//! DIR/metadata.sqlite-lock    locked by the process that has the directory open
//! DIR/content                 large content, a file each
//! ```
//!
//! The database and the files could be opened apart, and are where an embedder keeps them apart. What
//! concerns both belongs here: who owns them, and all that compares the one with the other.

mod error;

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_core::{Builder, Registry, SystemClock};

pub use self::error::DirectoryError;
use crate::{Durability, SystemRandom, disk::DiskBlobs, sqlite::SqliteMetadata};

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
}

impl Directory {
    /// Opens a directory, which is made if it is not there. This blocks, as befits a start.
    ///
    /// # Errors
    /// Where another process has it open, or what is there cannot be used.
    pub fn open(path: impl Into<PathBuf>, durability: Durability) -> Result<Self, DirectoryError> {
        let path = path.into();
        // Whoever may read the files may read every private repository.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|error| DirectoryError::Make(path.clone(), error))?;
        let clock = Arc::new(SystemClock);
        let metadata = SqliteMetadata::open(path.join(METADATA), clock, durability)?;
        let blobs = DiskBlobs::open(path.join(CONTENT), durability, Arc::new(SystemRandom))?;
        Ok(Self {
            path,
            metadata: Arc::new(metadata),
            blobs,
        })
    }

    /// Opens a directory that holds a registry already.
    ///
    /// # Errors
    /// Where it holds none; otherwise those of [`open`](Self::open).
    pub fn open_existing(
        path: impl Into<PathBuf>,
        durability: Durability,
    ) -> Result<Self, DirectoryError> {
        let path = path.into();
        match fs::exists(path.join(METADATA)) {
            Ok(true) => Self::open(path, durability),
            Ok(false) => Err(DirectoryError::NoRegistry(path)),
            Err(error) => Err(DirectoryError::Look(path, error)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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

    /// The parts of a registry over it: a policy and a spawner are missing.
    pub fn builder(&self) -> Builder {
        let parts = Registry::builder().metadata(self.metadata.clone());
        parts
            .blobs(Arc::new(self.blobs.clone()))
            .random(SystemRandom)
    }
}
