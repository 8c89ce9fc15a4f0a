//! Where a registry keeps what it has: a directory, or memory alone.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use registry_core::Builder;
use registry_storage::{
    Durability,
    directory::{Directory, DirectoryError, DirectoryOptions},
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
        /// How it is opened.
        options: DirectoryOptions,
    },
}

impl Storage {
    /// The one that is configured.
    pub(crate) fn of(config: &config::Storage) -> Self {
        match config.memory {
            true => Self::Memory,
            false => Self::Directory {
                path: config.path.clone(),
                options: options(config),
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
            Self::Directory { path, options } => {
                tracing::info!(data = %path.display(), "opening");
                if options.durability == Durability::Relaxed {
                    tracing::warn!(
                        "relaxed: a crash of the system may lose what was answered last"
                    );
                }
                let directory = open(path, *options, patient).await?;
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

/// How the configuration has a directory opened.
pub(crate) fn options(config: &config::Storage) -> DirectoryOptions {
    DirectoryOptions::from(config.durability).journal(config.journal)
}

async fn open(
    path: &Path,
    options: DirectoryOptions,
    patient: bool,
) -> Result<Directory, DirectoryError> {
    for _ in 0..TRIES {
        match Directory::open(path, options) {
            Err(error) if patient && error.is_locked() => tokio::time::sleep(BETWEEN).await,
            opened => return opened,
        }
    }
    Directory::open(path, options)
}
