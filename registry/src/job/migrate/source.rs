//! Where a registry moves from.

use std::sync::Arc;

use registry_core::{
    Error, Registry,
    backend::{Identity, Inspection, Metadata, Totals},
};
use registry_storage::{SystemRandom, directory::Directory, migrate::Side, postgres, sqlite};

use crate::{failure::Failure, storage::Shared};

pub(super) enum Source {
    Directory(Registry, Directory),
    Shared(Shared),
}

/// A source that takes no writes. Dropped, it takes them again.
pub(super) enum Held<'a> {
    Directory(&'a Directory, sqlite::Closing),
    Shared(Box<postgres::Closing>),
}

/// What clients are told. Where to is not for them.
const MOVING: &str = "this registry is being moved to other storage: try again in a while";
const MOVED: &str =
    "this registry has moved to other storage, and nothing is written here any more";

impl Source {
    pub(super) fn side(&self) -> Side {
        match self {
            Self::Directory(_, directory) => Side {
                rows: Arc::clone(directory.metadata()) as _,
                blobs: Arc::new(directory.blobs().clone()),
            },
            Self::Shared(shared) => Side {
                rows: Arc::clone(shared.database()) as _,
                blobs: Arc::clone(shared.objects()) as _,
            },
        }
    }

    pub(super) async fn identity(&self) -> Result<Identity, Failure> {
        let proposed = Identity::fresh(&SystemRandom);
        let identity = match self {
            Self::Directory(_, directory) => directory.metadata().identity(proposed).await,
            Self::Shared(shared) => shared.database().identity(proposed).await,
        };
        Ok(identity.map_err(Error::from)?)
    }

    pub(super) async fn totals(&self) -> Result<Totals, Failure> {
        let totals = match self {
            Self::Directory(_, directory) => directory.metadata().totals().await,
            Self::Shared(shared) => shared.database().totals().await,
        };
        Ok(totals.map_err(Error::from)?)
    }

    /// Takes no writes from now on, and has everything readable that was ever told done.
    pub(super) async fn hold(&self) -> Result<Held<'_>, Failure> {
        match self {
            Self::Directory(registry, directory) => {
                registry.flush_pulls().await?;
                let closing = directory.metadata().close_to_writes(MOVING).await;
                Ok(Held::Directory(directory, closing.map_err(Error::from)?))
            }
            Self::Shared(shared) => {
                let closing = shared.database().close_to_writes().await;
                Ok(Held::Shared(Box::new(closing.map_err(Error::from)?)))
            }
        }
    }
}

impl Held<'_> {
    /// Marks the source as left for good.
    pub(super) async fn moved(self, to: &str) -> Result<(), Failure> {
        match self {
            Self::Directory(directory, closing) => {
                directory.moved(to)?;
                closing.for_good(MOVED);
                Ok(())
            }
            Self::Shared(closing) => Ok(closing.moved(to).await.map_err(Error::from)?),
        }
    }
}
