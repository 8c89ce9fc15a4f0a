//! `registry serve`: the server.

use std::{
    io::{self, IsTerminal, Write},
    sync::Arc,
};

use clap::Args;
use registry_core::Registry;
use registry_server::{Endpoint, RegistryService, Server, TokioSpawner, systemd::Notifier};
use registry_storage::directory::Directory;
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

use super::greeting::greeting;
use crate::{
    auth::Auth,
    config::{Config, Flags},
    control,
    failure::Failure,
    housekeeping::{Upkeep, keep_house},
    listeners::{self, Certificates},
    observe::Observers,
    place::Place,
    reload::Reloads,
    storage::Storage,
    telemetry::{self, Logging},
};

/// Serves a registry until it is told to stop (SIGTERM or Ctrl-C).
///
/// Once it is ready it prints one line on standard output: `registry: ready at ADDRESS`. Logs go to
/// standard error. Everybody who reaches it may do everything, unless users are given: so it listens on
/// loopback unless told otherwise, and elsewhere not without users unless that is said to be meant.
///
/// Every setting of `registry config reference` may stand in a file or in the environment; these flags
/// win over both.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    flags: Flags,
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (config, _) = Config::load(&self.flags)?;
        let logging = telemetry::start(config.log.level);
        let runtime = Runtime::new()
            .map_err(|error| Failure::new(format!("the server cannot start: {error}")))?;
        runtime.block_on(serve(&self.flags, &config, logging))
    }
}

async fn serve(flags: &Flags, config: &Config, logging: Logging) -> Result<(), Failure> {
    let notifier = Arc::new(Notifier::from_env());
    let mut reloads = Reloads::new(flags, config, Arc::clone(&notifier)).map_err(no_signals)?;
    let auth = Auth::open(&config.auth)?;
    let certificates = Certificates::open(&config.tls)?;
    let listeners = listeners::bind(config, certificates.as_ref())?;
    let server = Server::new(listeners)
        .map_err(|error| Failure::new(format!("the server cannot start: {error}")))?
        .settings(config.connections())
        .trusted_proxies(listeners::proxies(&config.server));
    let operators = listeners::bind_operators(config, certificates.as_ref())?;
    let (registry, directory) = open(config, &auth).await?;
    let observers = Observers::new(config, &registry, directory.as_ref())?;
    let housekeeping = tokio::spawn(keep_house(registry.clone(), Upkeep::of(config)));
    let commands = directory.map(|directory| {
        let registry = registry.clone();
        take_commands(Place {
            registry,
            directory,
        })
    });
    let commands = commands.transpose()?;
    let service = service(config, &registry, &auth, &observers);
    reloads.part(logging);
    reloads.part(auth);
    if let Some(certificates) = certificates {
        reloads.part(certificates);
    }
    if let Some(rotation) = observers.rotation() {
        reloads.part(rotation);
    }
    let reloading = tokio::spawn(reloads.run());
    let stop = told_to_stop().map_err(no_signals)?;
    let running = server.connections(observers.connections()).serve(service);
    // They are answered until the end, so that they see it drain.
    let _operators = observers.serve(operators)?;
    say_ready(config, running.endpoints());
    notifier.ready();
    tokio::select! {
        () = stop => {}
        never = notifier.keep_alive() => match never {},
    }
    notifier.stopping();
    observers.drain();
    tracing::info!(seconds = config.server.drain.as_secs(), "draining");
    housekeeping.abort();
    reloading.abort();
    if let Some(commands) = commands {
        commands.abort();
    }
    let cut_off = running.shutdown(config.server.drain).await;
    if let Err(error) = registry.flush_pulls().await {
        tracing::warn!(%error, "the last pulls are not counted");
    }
    tracing::info!(cut_off, "stopped");
    Ok(())
}

fn no_signals(error: io::Error) -> Failure {
    Failure::new(format!("signals cannot be handled: {error}"))
}

async fn open(config: &Config, auth: &Auth) -> Result<(Registry, Option<Directory>), Failure> {
    let (parts, directory) = Storage::of(&config.storage).open()?;
    let parts = parts.policy(auth.policy()).spawner(TokioSpawner::current());
    let registry = parts.settings(config.engine()).build().await?;
    Ok((registry, directory))
}

fn service(
    config: &Config,
    registry: &Registry,
    auth: &Auth,
    observers: &Observers,
) -> RegistryService {
    let mut service = RegistryService::builder(registry.clone()).limits(config.requests());
    if let Some(authenticator) = auth.authenticator() {
        service = service.authenticator(authenticator);
    }
    if let Some(url) = &config.server.public_url {
        service = service.public_url(url.clone());
    }
    let service = service.rate_limits(config.rates());
    observers.watch(config, service).build()
}

/// Lets commands reach the server.
fn take_commands(place: Place) -> Result<JoinHandle<()>, Failure> {
    let listening = control::listen(place);
    let listening =
        listening.map_err(|error| Failure::new(format!("cannot listen for commands: {error}")))?;
    Ok(tokio::spawn(listening))
}

/// The one line on standard output, and more for a person at a terminal. Whoever started the server may wait
/// for it, and need not.
fn say_ready(config: &Config, endpoints: &[Endpoint]) {
    let listed: Vec<_> = endpoints.iter().map(Endpoint::to_string).collect();
    let address = listed.join(", ");
    let mut text = format!("registry: ready at {address}\n");
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        text.push_str(&greeting(config, endpoints));
    }
    let said = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = said {
        tracing::warn!(%error, "nobody reads the ready line");
    }
    tracing::info!(%address, "ready");
}

/// Resolves when the process is told to stop.
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
