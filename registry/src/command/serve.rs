//! `registry serve`: the server.

use std::{
    io::{self, Write},
    time::Duration,
};

use clap::Args;
use registry_core::{AllowAll, Registry, Settings};
use registry_server::{RegistryService, Running, Server, TokioSpawner};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval},
};

use crate::{
    config::{Config, Flags, Listen},
    failure::Failure,
    storage::Storage,
    telemetry,
};

/// Serves a registry until it is told to stop (SIGTERM or Ctrl-C).
///
/// Once it is ready it prints one line on standard output: `registry: ready at ADDRESS`. Logs go to
/// standard error. Everybody who reaches it may do everything: let only those reach it who may.
///
/// Every setting of `registry config reference` may stand in a file or in the environment; these flags
/// win over both.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    flags: Flags,
}

/// How often counted pulls are folded and a round of collection begins.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (config, _) = Config::load(&self.flags)?;
        telemetry::start(config.log.level);
        let runtime = Runtime::new()
            .map_err(|error| Failure::new(format!("the server cannot start: {error}")))?;
        runtime.block_on(serve(&config))
    }
}

async fn serve(config: &Config) -> Result<(), Failure> {
    let servers = config.server.listen.iter().map(bind);
    let servers: Vec<_> = servers.collect::<Result<_, _>>()?;
    let registry = open(config).await?;
    let housekeeping = tokio::spawn(keep_house(registry.clone()));
    let service = service(config, &registry);
    let stop = told_to_stop()
        .map_err(|error| Failure::new(format!("signals cannot be handled: {error}")))?;
    let running: Vec<_> = servers
        .into_iter()
        .map(|server| server.serve(service.clone()))
        .collect();
    say_ready(&running);
    stop.await;
    tracing::info!(seconds = config.server.drain.as_secs(), "draining");
    housekeeping.abort();
    let drained = running
        .into_iter()
        .map(|one| tokio::spawn(one.shutdown(config.server.drain)));
    let mut cut_off = 0;
    for drained in drained.collect::<Vec<_>>() {
        cut_off += drained.await.unwrap_or_default();
    }
    if let Err(error) = registry.flush_pulls().await {
        tracing::warn!(%error, "the last pulls are not counted");
    }
    tracing::info!(cut_off, "stopped");
    Ok(())
}

fn bind(Listen(address): &Listen) -> Result<Server, Failure> {
    Server::bind(address)
        .map_err(|error| Failure::new(format!("cannot listen on {address}: {error}")))
}

async fn open(config: &Config) -> Result<Registry, Failure> {
    let parts = Storage::of(&config.storage).open()?;
    let parts = parts.policy(AllowAll).spawner(TokioSpawner::current());
    let registry = parts.settings(settings(config)).build().await;
    registry.map_err(|error| Failure::new(error.to_string()))
}

fn settings(config: &Config) -> Settings {
    let mut settings = Settings {
        references: config.push.references,
        grace: config.collection.grace,
        library_alias: true,
        ..Settings::default()
    };
    settings.manifest.max_bytes = config.limits.manifest_bytes.as_usize();
    settings
}

fn service(config: &Config, registry: &Registry) -> RegistryService {
    let service = RegistryService::builder(registry.clone());
    match &config.server.public_url {
        Some(url) => service.public_url(url.clone()),
        None => service,
    }
    .build()
}

/// The one line on standard output. Whoever started the server may wait for it, and need not.
fn say_ready(running: &[Running]) {
    let addresses: Vec<_> = running
        .iter()
        .map(|one| one.address().to_string())
        .collect();
    let address = addresses.join(", ");
    let mut out = io::stdout().lock();
    let said = writeln!(out, "registry: ready at {address}").and_then(|()| out.flush());
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

/// Folds counted pulls and collects, now and then. What fails is tried again with the next round.
async fn keep_house(registry: Registry) {
    let mut ticks = interval(HOUSEKEEPING);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = registry.flush_pulls().await {
            tracing::warn!(%error, "pulls could not be folded");
        }
        match registry.collect().await {
            Ok(report) => tracing::debug!(?report, "collected"),
            Err(error) => tracing::warn!(%error, "a round of collection ended early"),
        }
    }
}
