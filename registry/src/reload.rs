//! What changes while the server runs: on SIGHUP, and when a file changes that is read again by itself.
//!
//! Each part that can change says so by [`Reload`], and its keys are declared `=> reloaded`. All other keys
//! take effect with a restart, and a SIGHUP that finds one changed says which. A configuration with anything
//! wrong in it changes nothing. Files are looked at every few seconds: watching them by the kernel misses what
//! happens to a mounted directory (a secret of Kubernetes is replaced as a link to another directory).

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use registry_server::systemd::Notifier;
use tokio::{
    task::block_in_place,
    time::{MissedTickBehavior, interval},
};

use crate::{
    config::{Config, Flags},
    failure::Failure,
    hangups::Hangups,
};

/// A part of the server that takes another configuration while it runs.
pub(crate) trait Reload: Send + Sync {
    /// What it is, for the log.
    fn name(&self) -> &'static str;

    /// The files that it has read. When one changes, it is to read them again.
    fn files(&self, config: &Config) -> Vec<PathBuf>;

    /// Takes over what is configured now, or stays as it was.
    fn reload(&self, config: &Config) -> Result<(), Failure>;
}

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// All parts that can change.
pub(crate) struct Reloads {
    flags: Flags,
    /// What the server was started with.
    started: Config,
    /// What counts now.
    config: Config,
    parts: Vec<Watched>,
    hangups: Arc<Hangups>,
    notifier: Arc<Notifier>,
}

struct Watched {
    part: Box<dyn Reload>,
    seen: Vec<Option<Stamp>>,
}

impl Reloads {
    /// No parts yet.
    pub(crate) fn new(
        flags: &Flags,
        config: &Config,
        hangups: Arc<Hangups>,
        notifier: Arc<Notifier>,
    ) -> Self {
        Self {
            flags: flags.clone(),
            started: config.clone(),
            config: config.clone(),
            parts: Vec::new(),
            hangups,
            notifier,
        }
    }

    /// Adds a part.
    pub(crate) fn part(&mut self, part: impl Reload + 'static) {
        let part = Box::new(part);
        let seen = stamps(&*part, &self.config);
        self.parts.push(Watched { part, seen });
    }

    /// Reloads for ever.
    pub(crate) async fn run(mut self) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.hangups.next() => block_in_place(|| {
                    self.notifier.reloading();
                    self.hangup();
                    self.notifier.ready();
                }),
                _ = ticks.tick() => block_in_place(|| self.look()),
            }
        }
    }

    /// Reads the configuration again, and has each part take it over.
    fn hangup(&mut self) {
        let config = match Config::load(&self.flags) {
            Ok((config, _)) => config,
            Err(failure) => {
                tracing::error!(%failure, "the configuration is wrong, and everything stays as it was");
                return;
            }
        };
        for key in self.started.changes(&config) {
            if !key.reloaded {
                let key = key.full_name();
                tracing::warn!(key, "changed, and takes effect with a restart");
            }
        }
        self.config = config;
        for watched in &mut self.parts {
            watched.reload(&self.config);
        }
        tracing::info!("reloaded");
    }

    /// Has each part read its files again, where one of them changed.
    fn look(&mut self) {
        for watched in &mut self.parts {
            if stamps(&*watched.part, &self.config) != watched.seen {
                watched.reload(&self.config);
            }
        }
    }
}

impl Watched {
    fn reload(&mut self, config: &Config) {
        // What changes from here on is seen by the next look.
        self.seen = stamps(&*self.part, config);
        let what = self.part.name();
        match self.part.reload(config) {
            Ok(()) => tracing::info!(what, "read again"),
            Err(failure) => tracing::error!(what, %failure, "stays as it was"),
        }
    }
}

/// What differs when a file is another.
type Stamp = (Option<SystemTime>, u64, u64);

fn stamps(part: &dyn Reload, config: &Config) -> Vec<Option<Stamp>> {
    let files = part.files(config);
    files.iter().map(|path| stamp(path)).collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = fs::metadata(path).ok()?;
    Some((file.modified().ok(), file.len(), file.ino()))
}
