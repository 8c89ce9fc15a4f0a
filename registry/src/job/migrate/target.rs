//! Where a registry moves to.

use std::sync::Arc;

use registry_core::{
    Error,
    backend::{Carry, Identity, Metadata, RowKey, RowKind},
};
use registry_storage::{directory::Directory, migrate::Side, postgres::Mark};

use crate::{
    config::Config,
    failure::Failure,
    storage::{self, Shared},
};

pub(super) enum Target {
    Directory(Directory),
    Shared(Shared),
}

const OCCUPIED: &str =
    "the database that it is to move to is not empty: make another one, or remove what is there";

/// What people call it.
pub(super) fn name(config: &Config) -> String {
    match &config.objects.bucket {
        Some(bucket) => format!("the bucket {bucket} and its database"),
        None => format!("the data directory {}", config.storage.path.display()),
    }
}

/// Does the last step, if that is all that is missing.
pub(super) async fn finish(config: &Config, registry: [u8; 16]) -> Result<bool, Failure> {
    let registry = hex(registry);
    if config.database.url.is_none() {
        let path = &config.storage.path;
        let arriving = Directory::arriving_at(path)? == Some(registry);
        if arriving {
            Directory::arrived(path)?;
        }
        return Ok(arriving);
    }
    let database = Arc::clone(Shared::reach(config, true).await?.database());
    let arriving = database.mark().await.map_err(Error::from)? == Some(Mark::Arriving(registry));
    if arriving {
        database.arrived().await.map_err(Error::from)?;
    }
    Ok(arriving)
}

impl Target {
    /// Opens it and marks it as one that this registry is on its way to. Anything else that is there is refused.
    pub(super) async fn open(config: &Config, identity: Identity) -> Result<Self, Failure> {
        if config.database.url.is_some() {
            return Ok(Self::Shared(shared(config, identity).await?));
        }
        let options = storage::options(&config.storage);
        let opened = Directory::open_arriving(&config.storage.path, options, &identity)?;
        Ok(Self::Directory(opened))
    }

    pub(super) fn side(&self) -> Side {
        match self {
            Self::Directory(directory) => Side {
                rows: Arc::clone(directory.metadata()) as _,
                blobs: Arc::new(directory.blobs().clone()),
            },
            Self::Shared(shared) => Side {
                rows: Arc::clone(shared.database()) as _,
                blobs: Arc::clone(shared.objects()) as _,
            },
        }
    }

    /// Everything is there: servers may start on it.
    pub(super) async fn arrived(&self, config: &Config) -> Result<(), Failure> {
        match self {
            Self::Directory(_) => Ok(Directory::arrived(&config.storage.path)?),
            Self::Shared(shared) => Ok(shared.database().arrived().await.map_err(Error::from)?),
        }
    }
}

async fn shared(config: &Config, identity: Identity) -> Result<Shared, Failure> {
    let shared = Shared::reach(config, true).await?;
    let database = shared.database();
    let registry = hex(identity.registry);
    match database.mark().await.map_err(Error::from)? {
        Some(Mark::Arriving(other)) if other == registry => {}
        Some(Mark::Arriving(other)) => {
            return Err(Failure::new(format!(
                "another registry, {other}, is on its way to that database: go on with that one, or take another \
                 database"
            )));
        }
        Some(Mark::Moved(to)) => {
            return Err(Failure::new(format!(
                "the registry of that database has moved to {to}: take another database"
            )));
        }
        None => {
            refuse_used(&**database).await?;
            let found = database.identity(identity.clone()).await;
            if hex(found.map_err(Error::from)?.registry) != registry {
                return Err(Failure::new(OCCUPIED));
            }
            database.arriving(&registry).await.map_err(Error::from)?;
        }
    }
    shared.agree(identity).await?;
    Ok(shared)
}

async fn refuse_used(rows: &dyn Carry) -> Result<(), Failure> {
    for kind in RowKind::ALL {
        let page = rows.rows(kind, &RowKey::default(), 1).await;
        if !page.map_err(Error::from)?.is_empty() {
            return Err(Failure::new(OCCUPIED));
        }
    }
    Ok(())
}

fn hex(registry: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(registry))
}
