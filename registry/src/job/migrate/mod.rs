//! `registry migrate`: a registry moved to other storage.
//!
//! Whatever ends it, the registry is on one side: until the old side is marked as left nobody starts on the new one, and
//! from then on nobody writes to the old one. Only between that mark and the last step nobody starts on either; the
//! same command again does that step.

mod source;
mod target;

use std::{
    num::NonZeroU8,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use registry_core::{Algorithms, Error};
use registry_storage::{
    directory::{ContentIdentity, Directory},
    migrate::{Comparison, Migration, Moment, Round, Verification},
    postgres::Mark,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use self::{source::Source, target::Target};
use super::{Progress, Report};
use crate::{config::Config, failure::Failure, place::Place, storage::Shared};

/// A move to other storage.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Migrate {
    /// The configuration of where to, by an absolute path.
    pub(crate) to: PathBuf,
    /// How many objects are on their way at once.
    pub(crate) parallel: NonZeroU8,
    /// How many rounds there are at most before the switch.
    pub(crate) rounds: NonZeroU8,
    /// Whether all objects are read where they have arrived.
    pub(crate) verify_all: bool,
}

/// What may be left for the switch: it is carried in seconds.
const FEW_ROWS: u64 = 1000;
const FEW_BYTES: u64 = 64 << 20;

/// How often progress is told, in parts of all contents.
const PARTS: u64 = 200;

/// One at a time; another process cannot have the same directory open.
static UNDER_WAY: Mutex<()> = Mutex::const_new(());

impl Migrate {
    /// Moves the registry of a data directory.
    pub(super) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        let Ok(_alone) = UNDER_WAY.try_lock() else {
            return Err(Failure::new("the registry is being moved already"));
        };
        let directory = place.directory()?;
        if self.finish(directory.path(), report).await? {
            return Ok(());
        }
        let source = Source::Directory(place.registry.clone(), directory.clone());
        self.move_all(&source, report).await
    }

    /// Moves the registry of a database and a bucket, whose servers go on.
    pub(crate) async fn run_shared(
        &self,
        config: &Config,
        report: &dyn Report,
    ) -> Result<(), Failure> {
        let shared = Shared::reach(config, true).await?;
        let mark = shared.database().mark().await.map_err(Error::from)?;
        let source = Source::Shared(shared);
        match mark {
            None => self.move_all(&source, report).await,
            Some(Mark::Arriving(_)) => Err(Failure::new(
                "a registry is on its way to what is to be moved: let it arrive first",
            )),
            Some(Mark::Moved(to)) => {
                let identity = source.identity().await?;
                self.arrive(&to, identity.registry, report).await
            }
        }
    }

    /// Does the last step of a move that had come to it. False where the registry has not left.
    pub(super) async fn finish(
        &self,
        directory: &Path,
        report: &dyn Report,
    ) -> Result<bool, Failure> {
        let Some(to) = Directory::moved_to(directory)? else {
            return Ok(false);
        };
        let identity = ContentIdentity::of(directory)?;
        let registry = identity.map(|identity| identity.registry);
        self.arrive(&to, registry.unwrap_or_default(), report)
            .await?;
        Ok(true)
    }

    async fn arrive(
        &self,
        to: &str,
        registry: [u8; 16],
        report: &dyn Report,
    ) -> Result<(), Failure> {
        let config = self.target()?;
        match target::finish(&config, registry).await? {
            true => report.line(&format!(
                "the registry is in {to} now: start its server there"
            )),
            false => {
                return Err(Failure::new(format!(
                    "the registry has moved to {to} already; nothing was done"
                )));
            }
        }
        Ok(())
    }

    fn target(&self) -> Result<Config, Failure> {
        let config = Config::of_file(&self.to)?;
        let storage = &config.storage;
        let shared = config.database.url.is_some();
        match () {
            () if storage.memory => Err(Failure::new(format!(
                "{} keeps everything in memory: nothing moves there to stay",
                self.to.display()
            ))),
            () if !shared && storage.path.is_relative() => Err(Failure::new(format!(
                "{}: storage.path must be absolute, for it may be read by another process",
                self.to.display()
            ))),
            () => Ok(config),
        }
    }

    async fn move_all(&self, source: &Source, report: &dyn Report) -> Result<(), Failure> {
        let config = self.target()?;
        let target = Target::open(&config, source.identity().await?).await?;
        let (migration, name) = (self.migration(source, &target), target::name(&config));
        report.line(&format!("moving to {name}"));
        let of = source.totals().await?.contents;
        self.rounds(&migration, of, report).await?;
        report.line("the switch: no writes are taken from now on; reads go on");
        let held = source.hold().await?;
        let last = round(&migration, Moment::Last, of, report).await?;
        report.line(&told("the last round", &last));
        let compared = migration.compare().await?;
        agree(&compared)?;
        held.moved(&name).await?;
        target.arrived(&config).await?;
        report.line(&same(&compared));
        report.line(&format!(
            "the registry is in {name} now: start its server there, and stop what still serves it here"
        ));
        Ok(())
    }

    fn migration(&self, source: &Source, target: &Target) -> Migration {
        Migration {
            from: source.side(),
            to: target.side(),
            parallel: self.parallel.get().into(),
            verification: match self.verify_all {
                true => Verification::Read,
                false => Verification::Present,
            },
            algorithms: Algorithms::standard(),
        }
    }

    /// Carries everything while it is used, until little is left.
    async fn rounds(
        &self,
        migration: &Migration,
        of: u64,
        report: &dyn Report,
    ) -> Result<(), Failure> {
        let mut moment = Moment::First;
        for turn in 1..=self.rounds.get() {
            let done = round(migration, moment, of, report).await?;
            report.line(&told(&format!("round {turn}"), &done));
            if done.changed() <= FEW_ROWS && done.carried_bytes <= FEW_BYTES {
                break;
            }
            moment = Moment::Meanwhile;
        }
        Ok(())
    }
}

async fn round(
    migration: &Migration,
    moment: Moment,
    of: u64,
    report: &dyn Report,
) -> Result<Round, Failure> {
    let part = AtomicU64::new(0);
    let tell = |now: &Round| {
        let at = now.contents * PARTS / of.max(1);
        if part.fetch_max(at, Ordering::Relaxed) < at {
            report.progress(&Progress {
                done: now.contents,
                of,
                text: format!("contents, {} bytes carried", now.carried_bytes),
            });
        }
    };
    Ok(migration.round(moment, &tell).await?)
}

fn told(which: &str, round: &Round) -> String {
    let Round {
        carried,
        carried_bytes,
        already,
        put,
        dropped,
        ..
    } = round;
    format!(
        "{which}: {carried} objects of {carried_bytes} bytes carried, {already} there before; \
         {put} rows put, {dropped} dropped"
    )
}

fn agree(compared: &Comparison) -> Result<(), Failure> {
    match &compared.first {
        None => Ok(()),
        Some(first) => Err(Failure::new(format!(
            "the two sides differ in {} rows ({first}): the registry stays where it is; say it again",
            compared.different
        ))),
    }
}

fn same(compared: &Comparison) -> String {
    let [namespaces, repositories, contents, links, manifests, tags] = compared.rows;
    format!(
        "both sides are the same: {namespaces} namespaces, {repositories} repositories, {contents} contents, \
         {links} blobs, {manifests} manifests, {tags} tags"
    )
}
