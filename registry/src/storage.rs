//! Where a registry keeps what it has: a directory, or memory alone.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use registry_core::Builder;
use registry_storage::{
    Durability,
    directory::{Directory, DirectoryError},
    memory,
};

use crate::{config, failure::Failure};

/// How often a directory is tried that another process is about to let go of, and the time in between.
const TRIES: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(50);

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

    /// Opens it, and answers the parts of a registry that keeps what it has there.
    /// Where another process is about to let go of the directory, it can be told to be patient.
    pub(crate) async fn open(
        &self,
        patient: bool,
    ) -> Result<(Builder, Option<Directory>), Failure> {
        match self {
            Self::Memory => Ok((memory::builder(), None)),
            Self::Directory { path, durability } => {
                tracing::info!(data = %path.display(), "opening");
                if *durability == Durability::Relaxed {
                    tracing::warn!(
                        "relaxed: a crash of the system may lose what was answered last"
                    );
                }
                let directory = open(path, *durability, patient).await?;
                let identity = directory.identity();
                tracing::info!(
                    generation = identity.generation,
                    opened = identity.opened,
                    "opened"
                );
                Ok((directory.builder(), Some(directory)))
            }
        }
    }
}

async fn open(
    path: &Path,
    durability: Durability,
    patient: bool,
) -> Result<Directory, DirectoryError> {
    for _ in 0..TRIES {
        match Directory::open(path, durability) {
            Err(error) if patient && error.is_locked() => tokio::time::sleep(BETWEEN).await,
            opened => return opened,
        }
    }
    Directory::open(path, durability)
}
