//! Where a registry keeps what it has: a directory, or memory alone.

use std::path::PathBuf;

use registry_core::Builder;
use registry_storage::{Durability, directory::Directory, memory};

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

    /// Opens it, and answers the parts of a registry that keeps what it has there.
    pub(crate) fn open(&self) -> Result<(Builder, Option<Directory>), Failure> {
        match self {
            Self::Memory => Ok((memory::builder(), None)),
            Self::Directory { path, durability } => {
                tracing::info!(data = %path.display(), "opening");
                if *durability == Durability::Relaxed {
                    tracing::warn!(
                        "relaxed: a crash of the system may lose what was answered last"
                    );
                }
                let directory = Directory::open(path, *durability)?;
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
