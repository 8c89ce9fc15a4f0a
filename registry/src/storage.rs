//! Where a registry keeps what it has: a directory, or memory alone.
//!
//! ```text
//! DIR/metadata.sqlite    everything but large content; locked while a server has it
//! DIR/content            large content, a file each
//! ```

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_core::{Builder, Registry, SystemClock};
use registry_storage::{Durability, SystemRandom, disk::DiskBlobs, memory, sqlite::SqliteMetadata};

use crate::{config, failure::Failure};

/// A choice of storage.
#[derive(Debug)]
pub(crate) enum Storage {
    /// Gone when the server stops.
    Memory,
    /// On this disk.
    Directory {
        /// The data directory.
        path: PathBuf,
        /// What an answer is worth.
        durability: Durability,
    },
}

impl Storage {
    /// The one that is configured.
    pub(crate) fn of(config: &config::Storage) -> Self {
        match config.memory {
            true => Self::Memory,
            false => Self::Directory {
                path: config.path.clone(),
                durability: config.durability,
            },
        }
    }

    /// The parts of a registry that keeps what it has there.
    pub(crate) fn open(&self) -> Result<Builder, Failure> {
        match self {
            Self::Memory => Ok(memory::builder()),
            Self::Directory { path, durability } => {
                tracing::info!(data = %path.display(), "opening");
                if *durability == Durability::Relaxed {
                    tracing::warn!(
                        "relaxed: a crash of the system may lose what was answered last"
                    );
                }
                directory(path, *durability)
            }
        }
    }
}

fn directory(path: &Path, durability: Durability) -> Result<Builder, Failure> {
    // Whoever may read the files may read every private repository.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Failure::new(format!("cannot make {}: {error}", path.display())))?;
    let clock = Arc::new(SystemClock);
    let metadata = SqliteMetadata::open(path.join("metadata.sqlite"), clock, durability)
        .map_err(|error| Failure::new(error.to_string()))?;
    let blobs = DiskBlobs::open(path.join("content"), durability, Arc::new(SystemRandom))
        .map_err(|error| Failure::new(error.to_string()))?;
    let parts = Registry::builder()
        .metadata(Arc::new(metadata))
        .blobs(Arc::new(blobs));
    Ok(parts.random(SystemRandom))
}
