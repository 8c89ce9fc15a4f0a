//! A registry and where it lies: what jobs work on.

use std::sync::Arc;

use registry_core::{Builder, Registry, backend::Metadata};
use registry_storage::directory::Directory;

use crate::{failure::Failure, storage::Shared};

/// What a job works on, the same in a server and without one.
#[derive(Clone)]
pub(crate) struct Place {
    /// The engine.
    pub(crate) registry: Registry,
    /// Where it lies.
    pub(crate) kept: Kept,
}

/// Where a registry lies that is not in memory alone.
#[derive(Clone)]
pub(crate) enum Kept {
    /// In a data directory.
    Directory(Directory),
    /// In a database and a bucket.
    Shared(Shared),
}

const NO_DIRECTORY: &str = "this is done with a data directory, and the registry has none";

impl Place {
    /// Its data directory, for a job that needs one.
    pub(crate) fn directory(&self) -> Result<&Directory, Failure> {
        match &self.kept {
            Kept::Directory(directory) => Ok(directory),
            Kept::Shared(_) => Err(Failure::new(NO_DIRECTORY)),
        }
    }
}

impl Kept {
    /// What it knows.
    pub(crate) fn metadata(&self) -> Arc<dyn Metadata> {
        match self {
            Self::Directory(directory) => Arc::clone(directory.metadata()) as _,
            Self::Shared(shared) => shared.metadata(),
        }
    }

    /// The parts of a registry there.
    pub(crate) fn builder(&self) -> Builder {
        match self {
            Self::Directory(directory) => directory.builder(),
            Self::Shared(shared) => shared.builder(),
        }
    }
}
