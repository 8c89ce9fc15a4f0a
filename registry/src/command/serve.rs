//! `registry serve`: the server.

use std::{future::pending, io, pin::pin, sync::Arc};

use clap::Args;
use registry_server::{Listener, systemd::Notifier};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::greeting::say_ready;
use crate::{
    auth::Auth,
    config::{Config, Flags},
    failure::Failure,
    hangups::Hangups,
    listeners::{self, Certificates},
    site::{Site, Standing},
    takeover::{Heir, Predecessor, Succession, Successor},
    telemetry::{self, Logging},
    traces::Traces,
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
    /// Take over from the server that has the data directory, without refusing a connection; where none
    /// has it, just serve.
    #[arg(long)]
    take_over: bool,
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (config, _) = Config::load(&self.flags)?;
        let mut traces = Traces::open(&config.traces)?;
        let logging = telemetry::start(config.log.level, traces.layer());
        let runtime = Runtime::new()
            .map_err(|error| Failure::new(format!("the server cannot start: {error}")))?;
        runtime.block_on(self.serve(&config, logging, traces))
    }

    async fn serve(
        &self,
        config: &Config,
        logging: Logging,
        mut traces: Traces,
    ) -> Result<(), Failure> {
        traces.start();
        let hangups = Arc::new(Hangups::take().map_err(no_signals)?);
        let predecessor = match self.take_over {
            true => Predecessor::find(config).await?,
            false => None,
        };
        let mut passed = match &predecessor {
            Some(predecessor) => predecessor.listeners().await?,
            None => listeners::activated()?,
        };
        let activated = predecessor.is_none() && !passed.is_empty();
        let auth = Auth::open(&config.auth)?;
        let certificates = Certificates::open(&config.tls)?;
        let listeners = listeners::bind(config, certificates.as_ref(), &mut passed)?;
        if predecessor.is_none() {
            listeners::refuse_unknown(&passed)?;
        }
        let mut standing = Standing {
            flags: &self.flags,
            config,
            logging,
            hangups,
            notifier: Arc::new(Notifier::from_env()),
            auth,
            certificates,
            listeners,
            traces,
        };
        let served = serve(&mut standing, predecessor, activated).await;
        standing.traces.finish().await;
        served
    }
}

/// Serves until told to stop, or until another process has taken over.
async fn serve(
    standing: &mut Standing<'_>,
    mut predecessor: Option<Predecessor>,
    activated: bool,
) -> Result<(), Failure> {
    let mut stop = Box::pin(told_to_stop().map_err(no_signals)?);
    let watchdog = Arc::clone(&standing.notifier);
    tokio::spawn(async move { watchdog.keep_alive().await });
    if let Some(predecessor) = &mut predecessor {
        predecessor.release().await?;
    }
    let mut site = Site::open(standing, predecessor.is_some()).await?;
    if let Some(predecessor) = predecessor {
        let listeners = std::mem::take(&mut standing.listeners);
        standing.listeners = listeners.into_iter().map(Listener::own_file).collect();
        predecessor.dismiss(Arc::clone(&standing.hangups)).await;
    }
    // Who is told that it is ready may take over.
    let mut succession = succession(&site, activated)?;
    say_ready(standing.config, site.endpoints());
    standing.notifier.ready();
    loop {
        let successor = tokio::select! {
            () = &mut stop => None,
            successor = successor(succession.as_ref(), standing) => Some(successor),
        };
        let Some(successor) = successor else {
            standing.notifier.stopping();
            site.end(standing.config.server.drain).await;
            return Ok(());
        };
        if hand_over(standing, site, successor).await {
            return Ok(());
        }
        site = Site::open(standing, true).await.map_err(left)?;
        succession = self::succession(&site, activated)?;
        tracing::info!("serving again");
    }
}

/// Where processes ask to take over. Sockets that systemd has opened it keeps for the next one itself.
fn succession(site: &Site, activated: bool) -> Result<Option<Succession>, Failure> {
    if activated {
        Ok(None)
    } else {
        site.succession()
    }
}

/// The next process that takes over, where one can.
async fn successor(succession: Option<&Succession>, standing: &Standing<'_>) -> Successor {
    match succession {
        Some(succession) => succession.next(&standing.listeners).await,
        None => pending().await,
    }
}

/// Stops, leaves all to another process, and answers whether that serves now.
async fn hand_over(standing: &Standing<'_>, site: Site, successor: Successor) -> bool {
    tracing::info!("another process takes over");
    if let Some(directory) = site.end(standing.config.server.drain).await {
        directory.close().await;
    }
    let (succeeded, hung_up) = succeed(standing, successor).await;
    match succeeded {
        Ok(heir) => {
            leave_to(standing, heir, hung_up).await;
            true
        }
        Err(error) => {
            if hung_up {
                standing.hangups.tell();
            }
            tracing::error!(%error, "it failed before it was ready; going on");
            false
        }
    }
}

/// Waits for another process to serve, and answers whether this one was told to reload meanwhile.
async fn succeed(standing: &Standing<'_>, successor: Successor) -> (io::Result<Heir>, bool) {
    let mut succeeding = pin!(successor.succeed(standing.config.server.hand_over));
    let mut hung_up = false;
    loop {
        tokio::select! {
            succeeded = &mut succeeding => return (succeeded, hung_up),
            () = standing.hangups.next() => {
                tracing::info!("told to reload, which is left to the process that serves next");
                hung_up = true;
            }
        }
    }
}

/// Leaves everything to the process that serves now.
async fn leave_to(standing: &Standing<'_>, mut heir: Heir, hung_up: bool) {
    standing.listeners.iter().for_each(Listener::leave_file);
    let pid = heir.pid();
    if let Some(pid) = pid {
        standing.notifier.main_process(pid);
    }
    if hung_up {
        heir.reload().await;
    }
    tracing::info!(pid, "taken over");
}

/// The storage could not be opened again.
fn left(failure: Failure) -> Failure {
    Failure::new(format!(
        "this server has handed over and cannot go on: {failure}"
    ))
}

fn no_signals(error: io::Error) -> Failure {
    Failure::new(format!("signals cannot be handled: {error}"))
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
