//! A server at work over its storage, and what it is made of.
//!
//! What belongs to the process lasts from its start to its end ([`Standing`]); what belongs to the storage
//! ends when that is closed ([`Site`]). They are apart because a process that hands over closes its storage,
//! and opens it again should the other one fail.

use std::{sync::Arc, time::Duration};

use registry_core::Registry;
use registry_server::{
    Endpoint, Listener, RegistryService, Running, Server, TokioSpawner, systemd::Notifier,
};
use registry_storage::directory::Directory;
use tokio::task::JoinSet;

use crate::{
    auth::Auth,
    config::{Config, Flags},
    control,
    failure::Failure,
    hangups::Hangups,
    housekeeping::{Upkeep, keep_house, watch_journal},
    listeners::{self, Certificates},
    observe::Observers,
    place::{Kept, Place},
    reload::Reloads,
    storage::Storage,
    takeover::Succession,
    telemetry::Logging,
    traces::Traces,
};

/// What lasts as long as the process.
pub(crate) struct Standing<'a> {
    pub(crate) flags: &'a Flags,
    pub(crate) config: &'a Config,
    pub(crate) logging: Logging,
    pub(crate) hangups: Arc<Hangups>,
    pub(crate) notifier: Arc<Notifier>,
    pub(crate) auth: Auth,
    pub(crate) certificates: Option<Certificates>,
    /// Those of clients, and behind them those of operators.
    pub(crate) listeners: Vec<Listener>,
    pub(crate) traces: Traces,
}

/// A server at work.
pub(crate) struct Site {
    registry: Registry,
    directory: Option<Directory>,
    observers: Observers,
    running: Running,
    operators: Option<Running>,
    tasks: JoinSet<()>,
}

impl Standing<'_> {
    /// Handles of the sockets of clients and of those of operators.
    fn sockets(&self) -> Result<(Vec<Listener>, Vec<Listener>), Failure> {
        let handles = self.listeners.iter().map(Listener::try_clone);
        let handles: Result<Vec<_>, _> = handles.collect();
        let mut clients = handles.map_err(not_started)?;
        let operators = clients.split_off(self.config.server.listen.len());
        Ok((clients, operators))
    }

    fn service(&self, registry: &Registry, observers: &Observers) -> RegistryService {
        let config = self.config;
        let mut service = RegistryService::builder(registry.clone()).limits(config.requests());
        if let Some(authenticator) = self.auth.authenticator() {
            service = service.authenticator(authenticator);
        }
        if let Some(url) = &config.server.public_url {
            service = service.public_url(url.clone());
        }
        if let Some(redirects) = config.redirects() {
            service = service.redirects(redirects);
        }
        if config.objects.bucket.is_some() {
            service = service.chunk_min_length(config.objects.part.0);
        }
        let service = service.rate_limits(config.rates());
        observers.watch(config, service).build()
    }

    fn reloads(&self, observers: &Observers) -> Reloads {
        let notifier = Arc::clone(&self.notifier);
        let hangups = Arc::clone(&self.hangups);
        let mut reloads = Reloads::new(self.flags, self.config, hangups, notifier);
        reloads.part(self.logging.clone());
        reloads.part(self.auth.clone());
        if let Some(certificates) = &self.certificates {
            reloads.part(certificates.clone());
        }
        if let Some(rotation) = observers.rotation() {
            reloads.part(rotation);
        }
        reloads
    }
}

impl Site {
    /// Opens the storage and serves. Where another process is about to let go of the directory, it waits a
    /// while for that.
    pub(crate) async fn open(standing: &Standing<'_>, patient: bool) -> Result<Self, Failure> {
        let config = standing.config;
        let (clients, operators) = standing.sockets()?;
        let server = Server::new(clients)
            .map_err(not_started)?
            .settings(config.connections())
            .trusted_proxies(listeners::proxies(&config.server));
        let storage = Storage::of(config).open(patient).await?;
        let parts = storage.builder(&standing.traces);
        let parts = parts.policy(standing.auth.policy());
        let parts = parts.spawner(TokioSpawner::current());
        let registry = parts.settings(config.engine()).build().await?;
        let observers = Observers::new(config, &registry, &storage, standing.traces.figures())?;
        let mut tasks = JoinSet::new();
        tasks.spawn(keep_house(registry.clone(), Upkeep::of(config)));
        let directory = storage.directory().cloned();
        if let Some(directory) = directory.clone() {
            tasks.spawn(watch_journal(directory.clone()));
            let place = Place {
                registry: registry.clone(),
                kept: Kept::Directory(directory.clone()),
            };
            let listening = control::listen(directory.path(), place);
            tasks.spawn(listening.map_err(no_commands)?);
        }
        tasks.spawn(standing.reloads(&observers).run());
        let service = standing.service(&registry, &observers);
        let running = server.connections(observers.connections()).serve(service);
        // They are answered until the end, so that they see it drain.
        let operators = observers.serve(operators)?;
        Ok(Self {
            registry,
            directory,
            observers,
            running,
            operators,
            tasks,
        })
    }

    /// Where clients find it.
    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        self.running.endpoints()
    }

    /// Where processes ask to take over; in memory there is nothing to take.
    pub(crate) fn succession(&self) -> Result<Option<Succession>, Failure> {
        let directory = self.directory.as_ref();
        let open = directory.map(|directory| Succession::open(directory.path()));
        open.transpose().map_err(no_commands)
    }

    /// Lets what runs finish within a limit, and answers its directory, which some of it may still have.
    pub(crate) async fn end(mut self, limit: Duration) -> Option<Directory> {
        self.observers.drain();
        tracing::info!(seconds = limit.as_secs(), "draining");
        self.tasks.shutdown().await;
        let cut_off = self.running.shutdown(limit).await;
        if let Err(error) = self.registry.flush_pulls().await {
            tracing::warn!(%error, "the last pulls are not counted");
        }
        drop(self.operators);
        tracing::info!(cut_off, "stopped");
        self.directory
    }
}

fn not_started(error: std::io::Error) -> Failure {
    Failure::new(format!("the server cannot start: {error}"))
}

fn no_commands(error: std::io::Error) -> Failure {
    Failure::new(format!("cannot listen for commands: {error}"))
}
