//! Where a registry keeps what it has: a directory, a database and a bucket that servers share, or memory alone.

mod cache;
mod links;
mod shared;
mod tls;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use registry_core::Builder;
use registry_storage::{
    Durability,
    directory::{Directory, DirectoryError, DirectoryOptions},
    memory,
};

pub(crate) use self::shared::Shared;
use crate::{
    config::{self, Config},
    failure::Failure,
    traces::Traces,
};

/// How often a directory is tried that another process is about to let go of, and the time in between.
const TRIES: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(50);

/// A choice of storage.
#[derive(Debug)]
pub(crate) enum Storage<'a> {
    /// Gone when the server stops.
    Memory,
    /// On this disk.
    Directory {
        /// The data directory.
        path: PathBuf,
        /// How it is opened.
        options: DirectoryOptions,
    },
    /// In a database and a bucket.
    Shared(&'a Config),
}

/// Storage that is open.
#[derive(Clone)]
pub(crate) enum Opened {
    /// Memory.
    Memory,
    /// A directory, which is this process's own.
    Directory(Directory),
    /// What other servers have open as well.
    Shared(Shared),
}

impl<'a> Storage<'a> {
    /// The one that is configured.
    pub(crate) fn of(config: &'a Config) -> Self {
        let storage = &config.storage;
        if config.database.url.is_some() {
            return Self::Shared(config);
        }
        match storage.memory {
            true => Self::Memory,
            false => Self::Directory {
                path: storage.path.clone(),
                options: options(storage),
            },
        }
    }

    /// Opens it. Where another process is about to let go of a directory, it can be told to be patient.
    pub(crate) async fn open(&self, patient: bool) -> Result<Opened, Failure> {
        match self {
            Self::Memory => Ok(Opened::Memory),
            Self::Directory { path, options } => {
                let opened = open_directory(path, *options, patient).await?;
                Ok(Opened::Directory(opened))
            }
            Self::Shared(config) => Ok(Opened::Shared(Shared::open(config).await?)),
        }
    }
}

impl Opened {
    /// The parts of a registry that keeps what it has there.
    pub(crate) fn builder(&self, traces: &Traces) -> Builder {
        match self {
            Self::Memory => memory::builder(),
            Self::Directory(directory) => {
                let metadata = Arc::clone(directory.metadata());
                let blobs = Arc::new(directory.blobs().clone());
                traces.watch(directory.builder(), metadata, blobs)
            }
            Self::Shared(shared) => {
                let (metadata, blobs) = (shared.metadata(), shared.blobs());
                traces.watch(shared.builder(), metadata, blobs)
            }
        }
    }

    /// The directory, if it is one.
    pub(crate) fn directory(&self) -> Option<&Directory> {
        match self {
            Self::Directory(directory) => Some(directory),
            Self::Memory | Self::Shared(_) => None,
        }
    }
}

async fn open_directory(
    path: &Path,
    options: DirectoryOptions,
    patient: bool,
) -> Result<Directory, Failure> {
    tracing::info!(data = %path.display(), "opening");
    if options.durability == Durability::Relaxed {
        tracing::warn!("relaxed: a crash of the system may lose what was answered last");
    }
    let directory = open(path, options, patient).await?;
    let identity = directory.identity();
    tracing::info!(
        generation = identity.generation,
        opened = identity.opened,
        "opened"
    );
    Ok(directory)
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
