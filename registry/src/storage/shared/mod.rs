//! A database and a bucket, which any number of servers share.

#[cfg(feature = "azure")]
mod azure;
mod client;
mod credentials;
#[cfg(feature = "gcs")]
mod gcs;
mod s3;

use std::sync::Arc;

use registry_core::{
    Builder, Registry,
    backend::{BlobStore, Identity, LinkStore, Metadata, StoreError},
};
use registry_storage::{
    SystemRandom,
    cache::Cached,
    object::{
        ObjectBlobs, ObjectSettings,
        object_store::{ObjectStore, multipart::MultipartStore, signer::Signer},
    },
    postgres::{PostgresMetadata, PostgresSettings},
};

use super::{cache, links, tls};
use crate::{
    config::{Config, Database, Objects, Provider},
    failure::Failure,
};

/// A database and a bucket.
#[derive(Clone)]
pub(crate) struct Shared {
    database: Arc<PostgresMetadata>,
    objects: Arc<ObjectBlobs>,
    links: Option<Arc<dyn LinkStore>>,
    cache: Option<Arc<Cached>>,
}

impl Shared {
    /// Connects to both, and brings the database up to this version.
    pub(crate) async fn open(config: &Config) -> Result<Self, Failure> {
        let mut opened = Self::reach(config, false).await?;
        opened.agree(Identity::fresh(&SystemRandom)).await?;
        opened.cache = cache::open(&config.cache, &opened.objects).await?;
        tracing::info!("opened");
        Ok(opened)
    }

    /// The same without a cache, and without asking whose they are. A registry that is moved may be on its way there, or have left.
    pub(crate) async fn reach(config: &Config, moving: bool) -> Result<Self, Failure> {
        let objects = &config.objects;
        tracing::info!(bucket = objects.bucket, prefix = objects.prefix, "opening");
        let objects = blobs(objects)?;
        let links = links::open(config, &objects)?;
        let database = connect(&config.database, moving).await?;
        Ok(Self {
            database: Arc::new(database),
            objects: Arc::new(objects),
            links,
            cache: None,
        })
    }

    /// Has the bucket belong to the database's registry, and to no other. Where the database is nobody's yet, it is
    /// from now on that of the registry proposed.
    pub(crate) async fn agree(&self, proposed: Identity) -> Result<Identity, Failure> {
        let identity = self.database.identity(proposed).await;
        let identity = identity.map_err(|error| Failure::new(error.to_string()))?;
        let belongs = self.objects.belong_to(&identity.registry).await;
        belongs.map_err(|error| Failure::new(format!("the bucket cannot be used: {error}")))?;
        Ok(identity)
    }

    pub(crate) fn database(&self) -> &Arc<PostgresMetadata> {
        &self.database
    }

    pub(crate) fn objects(&self) -> &Arc<ObjectBlobs> {
        &self.objects
    }

    pub(crate) fn metadata(&self) -> Arc<dyn Metadata> {
        Arc::clone(&self.database) as _
    }

    pub(super) fn blobs(&self) -> Arc<dyn BlobStore> {
        match &self.cache {
            Some(cache) => Arc::clone(cache) as _,
            None => Arc::clone(&self.objects) as _,
        }
    }

    /// The cache before the bucket, if there is one.
    pub(crate) fn cache(&self) -> Option<&Arc<Cached>> {
        self.cache.as_ref()
    }

    pub(crate) fn builder(&self) -> Builder {
        let builder = Registry::builder()
            .metadata(self.metadata())
            .blobs(self.blobs())
            .random(SystemRandom);
        match &self.links {
            Some(links) => builder.links(Arc::clone(links)),
            None => builder,
        }
    }
}

async fn connect(config: &Database, moving: bool) -> Result<PostgresMetadata, Failure> {
    let settings = PostgresSettings {
        connections: config.connections,
        statements: config.statements,
        connect_timeout: config.connect_timeout,
        deadline: config.deadline,
        listings_lag: config.listings_lag,
        moving,
    };
    let url = config.url.as_ref().map_or("", |url| url.expose());
    let tls = config
        .tls
        .then(|| tls::client(config.authorities.as_deref()));
    let tls = tls.transpose()?;
    let connected = match &tls {
        Some(tls) => PostgresMetadata::connect_tls(url, settings, Arc::clone(tls)).await,
        None => PostgresMetadata::connect(url, settings).await,
    };
    let database = connected.map_err(|error| Failure::new(error.to_string()))?;
    let Some(standby) = &config.listings else {
        return Ok(database);
    };
    let listing = match tls {
        Some(tls) => database.with_listings_tls(standby.expose(), tls),
        None => database.with_listings(standby.expose()),
    };
    listing.map_err(|error| Failure::new(format!("database.listings: {error}")))
}

fn blobs(config: &Objects) -> Result<ObjectBlobs, Failure> {
    let made = match config.provider {
        Provider::S3 => blobs_over(s3::client(config)?, config),
        #[cfg(feature = "azure")]
        Provider::Azure => azure::blobs(config)?,
        #[cfg(feature = "gcs")]
        Provider::Gcs => blobs_over(gcs::client(config)?, config),
        #[cfg(not(all(feature = "azure", feature = "gcs")))]
        other => return Err(built_without(other)),
    };
    made.map_err(|error| Failure::new(format!("the bucket cannot be used: {error}")))
}

/// What signs links to a bucket.
pub(super) fn signer(config: &Objects) -> Result<Arc<dyn Signer>, Failure> {
    Ok(match config.provider {
        Provider::S3 => Arc::new(s3::client(config)?),
        #[cfg(feature = "azure")]
        Provider::Azure => Arc::new(azure::client(config)?),
        #[cfg(feature = "gcs")]
        Provider::Gcs => Arc::new(gcs::client(config)?),
        #[cfg(not(all(feature = "azure", feature = "gcs")))]
        other => return Err(built_without(other)),
    })
}

#[cfg(not(all(feature = "azure", feature = "gcs")))]
fn built_without(provider: Provider) -> Failure {
    let provider = crate::config::Setting::write(&provider).unwrap_or_default();
    Failure::new(format!(
        "objects.provider: this program was built without {provider}"
    ))
}

/// The blobs of a bucket whose client has all that they need.
fn blobs_over<C>(client: C, config: &Objects) -> Result<ObjectBlobs, StoreError>
where
    C: ObjectStore + MultipartStore,
{
    let client = Arc::new(client);
    let random = Arc::new(SystemRandom);
    ObjectBlobs::new(client.clone(), client, settings(config), random)
}

fn settings(config: &Objects) -> ObjectSettings {
    ObjectSettings {
        part_size: config.part.0,
        most_parts: match config.provider {
            Provider::S3 | Provider::Gcs => 10_000,
            Provider::Azure => 50_000,
        },
        in_flight: config.in_flight,
        budget: config.memory.0,
        prefix: config.prefix.clone().unwrap_or_default(),
        storage_class: config.storage_class.clone(),
        hedge: config.hedge.map(|percentile| percentile.0),
    }
}
