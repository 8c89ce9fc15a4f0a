//! A registry whose listings a standby answers, with servers of its own.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Action, AllowAll, Caller, Decision, Digest, Error, ManifestPush, PageRequest, Policy, Pull,
    Reference, Registry, Resource, Visible, VisibleSet, backend::TagCondition,
};
use registry_storage::{
    SystemRandom,
    memory::MemoryBlobs,
    postgres::{PostgresMetadata, PostgresSettings, Statements},
};
use tokio::{
    task::spawn_blocking,
    time::{self, Instant, sleep},
};
use tokio_postgres::Client;

use super::{cluster::Cluster, database::client};

/// How long something may take that comes to be by itself.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const DATABASE: &str = "registry";

/// A server, its standby, and a client of each.
pub(crate) struct Pair {
    pub(crate) cluster: Cluster,
    pub(crate) primary: Client,
    copy: Client,
}

impl Pair {
    pub(crate) async fn start() -> Self {
        let mut cluster = Cluster::start();
        let server = client(&cluster.address("postgres")).await;
        let sql = format!("CREATE DATABASE {DATABASE}");
        server.batch_execute(&sql).await.unwrap();
        cluster.tell("copy");
        let primary = client(&cluster.address(DATABASE)).await;
        let copy = client(&cluster.copy(DATABASE)).await;
        Self {
            cluster,
            primary,
            copy,
        }
    }

    /// Waits until the standby has all that the primary has.
    pub(crate) async fn level(&self) {
        let sql = "SELECT pg_current_wal_flush_lsn()::text";
        let place: String = self.primary.query_one(sql, &[]).await.unwrap().get(0);
        let sql = "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn";
        until(async || self.copy.query_one(sql, &[&place]).await.unwrap().get(0)).await;
    }

    /// Has the standby apply nothing of what it hears.
    pub(crate) async fn pause(&self) {
        self.level().await;
        let pause = "SELECT pg_wal_replay_pause()";
        self.copy.batch_execute(pause).await.unwrap();
        let paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'";
        until(async || self.copy.query_one(paused, &[]).await.unwrap().get(0)).await;
    }

    pub(crate) async fn resume(&self) {
        let resume = "SELECT pg_wal_replay_resume()";
        self.copy.batch_execute(resume).await.unwrap();
    }

    /// A registry on the primary that lists by a server.
    pub(crate) async fn listing_by(&self, standby: &str, lag: Duration) -> Listing {
        let settings = PostgresSettings {
            listings_lag: lag,
            ..PostgresSettings::default()
        };
        Listing::open(&self.cluster.address(DATABASE), standby, settings, Rooms).await
    }
}

/// A registry, and the backend in it.
pub(crate) struct Listing {
    pub(crate) registry: Registry,
    pub(crate) metadata: Arc<PostgresMetadata>,
}

impl Listing {
    /// One for which everybody is who may do everything, and each statement counts.
    pub(crate) async fn counted(primary: &str, standby: &str, statements: Statements) -> Self {
        let settings = PostgresSettings {
            connections: 1,
            statements,
            listings_lag: Duration::from_hours(1),
            ..PostgresSettings::default()
        };
        Self::open(primary, standby, settings, AllowAll).await
    }

    async fn open(
        primary: &str,
        standby: &str,
        settings: PostgresSettings,
        policy: impl Policy + 'static,
    ) -> Self {
        let opened = PostgresMetadata::connect(primary, settings).await.unwrap();
        let metadata = Arc::new(opened.with_listings(standby).unwrap());
        let registry = Registry::builder()
            .metadata(Arc::clone(&metadata) as _)
            .blobs(Arc::new(MemoryBlobs::new()))
            .random(SystemRandom)
            .policy(policy)
            .spawner(|task| drop(tokio::spawn(task)));
        Self {
            registry: registry.build().await.unwrap(),
            metadata,
        }
    }

    pub(crate) async fn push(&self, name: &str, tag: &str) {
        let (ada, name) = (Caller::named("ada"), name.parse().unwrap());
        let push = self.registry.open(&ada, &name).push().await.unwrap();
        let reference = Reference::parse(tag).unwrap();
        let index = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
        let pushed = push.put_manifest(ManifestPush {
            reference: &reference,
            tags: &[],
            content_type: None,
            bytes: Bytes::from_static(index.as_bytes()),
            condition: TagCondition::Any,
        });
        pushed.await.unwrap();
    }

    pub(crate) async fn pull(&self, name: &str) -> Pull {
        let (ada, name) = (Caller::named("ada"), name.parse().unwrap());
        self.registry.open(&ada, &name).pull().await.unwrap()
    }

    /// The digest of a tag, as a HEAD and a GET say.
    pub(crate) async fn digest(&self, name: &str, tag: &str) -> Digest {
        let (pull, reference) = (self.pull(name).await, Reference::parse(tag).unwrap());
        let stat = pull.stat_manifest(&reference).await.unwrap();
        let manifest = pull.manifest(&reference).await.unwrap();
        assert_eq!(manifest.digest, stat.digest);
        manifest.digest
    }

    pub(crate) async fn tags(&self, name: &str) -> Vec<String> {
        self.tags_for(&Caller::named("ada"), name).await.unwrap()
    }

    /// The tags that somebody sees.
    pub(crate) async fn tags_for(&self, who: &Caller, name: &str) -> Result<Vec<String>, Error> {
        let pull = self.registry.open(who, &name.parse().unwrap()).pull();
        let page = pull.await?.tags(PAGE).await?;
        Ok(page.items.iter().map(ToString::to_string).collect())
    }

    pub(crate) async fn catalog(&self, who: &Caller) -> Vec<String> {
        let page = self.registry.catalog(who, PAGE).await.unwrap();
        page.items.iter().map(ToString::to_string).collect()
    }

    /// How many listings the standby has answered.
    pub(crate) fn by_standby(&self) -> u64 {
        self.metadata.figures().listed_by_standby
    }

    /// Waits until the standby answers a listing of tags.
    pub(crate) async fn until_by_standby(&self, name: &str) {
        let before = self.by_standby();
        until(async || {
            self.tags(name).await;
            self.by_standby() > before
        })
        .await;
    }
}

pub(crate) const PAGE: PageRequest<'static> = PageRequest {
    after: None,
    limit: 10,
};

/// Ada may do everything, and everybody may read what is public.
struct Rooms;

#[async_trait]
impl Policy for Rooms {
    async fn decide(&self, caller: &Caller, resource: Resource<'_>, action: Action) -> Decision {
        match action {
            _ if !caller.is_anonymous() => Decision::Allow,
            Action::Pull if resource.is_public() => Decision::Allow,
            _ => Decision::Deny,
        }
    }

    async fn visible(&self, caller: &Caller, _: Action) -> Visible {
        if !caller.is_anonymous() {
            return Visible::All;
        }
        Visible::Some(VisibleSet {
            public: true,
            ..VisibleSet::default()
        })
    }
}

/// Waits until something holds.
pub(crate) async fn until(holds: impl AsyncFn() -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < patience, "it does not come to that");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Time that stands still until it is moved, or this is dropped.
pub(crate) struct StandingTime {
    /// tokio moves a time that stands when it waits for sockets alone, unless somebody is at work elsewhere. That is
    /// who waits for this to be dropped.
    _at_work: mpsc::Sender<()>,
}

impl StandingTime {
    pub(crate) fn begin() -> Self {
        let (at_work, done) = mpsc::channel();
        drop(spawn_blocking(move || done.recv()));
        time::pause();
        Self { _at_work: at_work }
    }
}

impl Drop for StandingTime {
    fn drop(&mut self) {
        time::resume();
    }
}
