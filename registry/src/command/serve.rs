//! `registry serve`: the server.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use clap::{Args, ValueEnum};
use registry_core::{AllowAll, References, Registry, Settings};
use registry_server::{Address, PublicUrl, RegistryService, Server, TokioSpawner};
use registry_storage::{Durability, directory::Directory};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

use crate::{
    control,
    failure::Failure,
    housekeeping::keep_house,
    place::Place,
    storage::Storage,
    telemetry::{self, LogLevel},
};

/// Serves a registry until it is told to stop (SIGTERM or Ctrl-C).
///
/// Once it is ready it prints one line on standard output: `registry: ready at ADDRESS`. Logs go to
/// standard error. Everybody who reaches it may do everything: let only those reach it who may.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The directory to keep everything in; it is made if it is not there.
    #[arg(long, value_name = "DIR", default_value = "registry-data")]
    data: PathBuf,

    /// Answer before what was pushed is on the disk. A crash of this program loses nothing even so;
    /// after a crash of the system or a power cut the last half minute or so may be missing or wrong.
    /// For caches and tests.
    #[arg(long)]
    relaxed: bool,

    /// Keep everything in memory instead; it is gone when the server stops.
    #[arg(long, conflicts_with_all = ["data", "relaxed"])]
    memory: bool,

    /// Where to listen: HOST:PORT (port 0 takes a free one), or unix:PATH.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000")]
    listen: Listen,

    /// The address under which clients reach the registry, where that is not the one they ask for:
    /// behind a proxy, say, as in `https://registry.example.com`
    #[arg(long, value_name = "URL")]
    public_url: Option<PublicUrl>,

    /// Which references of a manifest must exist when it is pushed.
    #[arg(long, value_enum, default_value_t = ReferencesRule::Indexes)]
    references: ReferencesRule,

    /// Keep what an answer said exists for at least so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    grace: u64,

    /// The largest manifest to take, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20)]
    max_manifest_bytes: usize,

    /// Let requests under way finish for so many seconds when told to stop.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain: u64,

    /// How much to log.
    #[arg(long, value_enum, default_value_t = LogLevel::Info)]
    log: LogLevel,
}

/// The values of `--references`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReferencesRule {
    /// All of them.
    Strict,
    /// All but the children of an index, which may come later or never.
    Indexes,
    /// None.
    Sparse,
}

/// A value of `--listen`.
#[derive(Clone, Debug)]
struct Listen(Address);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self(Address::Unix(path.into())));
        }
        let text = text.replacen("localhost:", "127.0.0.1:", 1);
        let address: Result<SocketAddr, _> = text.parse();
        let address = address.map_err(|_| "it must be IP:PORT or unix:PATH".to_owned())?;
        Ok(Self(Address::Tcp(address)))
    }
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        telemetry::start(self.log);
        let runtime = Runtime::new()
            .map_err(|error| Failure::new(format!("the server cannot start: {error}")))?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<(), Failure> {
        let Listen(address) = &self.listen;
        let server = Server::bind(address)
            .map_err(|error| Failure::new(format!("cannot listen on {address}: {error}")))?;
        let (registry, directory) = self.registry().await?;
        let housekeeping = tokio::spawn(keep_house(registry.clone()));
        let commands = directory.map(|directory| {
            let registry = registry.clone();
            take_commands(Place {
                registry,
                directory,
            })
        });
        let commands = commands.transpose()?;
        let mut service = RegistryService::builder(registry.clone());
        if let Some(url) = &self.public_url {
            service = service.public_url(url.clone());
        }
        let stop = told_to_stop()
            .map_err(|error| Failure::new(format!("signals cannot be handled: {error}")))?;
        let running = server.serve(service.build());
        say_ready(running.address());
        stop.await;
        tracing::info!(seconds = self.drain, "draining");
        housekeeping.abort();
        if let Some(commands) = commands {
            commands.abort();
        }
        let cut_off = running.shutdown(Duration::from_secs(self.drain)).await;
        if let Err(error) = registry.flush_pulls().await {
            tracing::warn!(%error, "the last pulls are not counted");
        }
        tracing::info!(cut_off, "stopped");
        Ok(())
    }

    async fn registry(&self) -> Result<(Registry, Option<Directory>), Failure> {
        let (parts, directory) = self.storage().open()?;
        let parts = parts.policy(AllowAll).spawner(TokioSpawner::current());
        let registry = parts.settings(self.settings()).build().await?;
        Ok((registry, directory))
    }

    fn storage(&self) -> Storage {
        if self.memory {
            return Storage::Memory;
        }
        let path = self.data.clone();
        tracing::info!(data = %path.display(), "opening");
        if self.relaxed {
            tracing::warn!("relaxed: a crash of the system may lose what was answered last");
        }
        let durability = match self.relaxed {
            true => Durability::Relaxed,
            false => Durability::Strict,
        };
        Storage::Directory { path, durability }
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings {
            references: self.references.into(),
            grace: Duration::from_secs(self.grace),
            library_alias: true,
            ..Settings::default()
        };
        settings.manifest.max_bytes = self.max_manifest_bytes;
        settings
    }
}

impl From<ReferencesRule> for References {
    fn from(rule: ReferencesRule) -> Self {
        match rule {
            ReferencesRule::Strict => Self::Strict,
            ReferencesRule::Indexes => Self::Indexes,
            ReferencesRule::Sparse => Self::Sparse,
        }
    }
}

/// Lets commands reach the server.
fn take_commands(place: Place) -> Result<JoinHandle<()>, Failure> {
    let listening = control::listen(place);
    let listening =
        listening.map_err(|error| Failure::new(format!("cannot listen for commands: {error}")))?;
    Ok(tokio::spawn(listening))
}

/// The one line on standard output. Whoever started the server may wait for it, and need not.
fn say_ready(address: &Address) {
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
