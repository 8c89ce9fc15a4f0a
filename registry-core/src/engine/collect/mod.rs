//! Collection: what nothing keeps goes, while everything goes on.
//!
//! The protocol and why it is safe stand in ARCHITECTURE.md. Its state is the metadata backend's, so
//! a collector may stop at any step, and another may begin anew, in any process.

mod orphans;

use std::sync::Arc;

use self::orphans::Sweep;
use super::{
    CollectorPhase, Inner, Registry, Result, Turn,
    budget::{Budget, Timer, Work, step_within},
};
use crate::backend::{Condemned, Removed};

/// One round of collection, a bounded step at a time, so that a caller decides how much of the
/// machine it takes.
pub struct Collector {
    inner: Arc<Inner>,
    phase: Phase,
    report: CollectReport,
    accepts_unknown: bool,
}

/// How a round stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do.
    More,
    /// The round is over.
    Done,
}

/// What a round did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectReport {
    /// Upload sessions ended because nobody wrote to them.
    pub expired_uploads: u64,
    /// Rows that nothing kept any more: removed by a later round, unless something revives them.
    pub condemned: Condemned,
    /// Rows removed.
    pub removed: Removed,
    /// Objects deleted from the store.
    pub objects_deleted: u64,
    /// Objects and unfinished writes of the store that nothing named.
    pub orphans_found: u64,
    /// Those of them that were given up, having been so for the grace period.
    pub orphans_doomed: u64,
    /// Why orphans were left alone, where they were.
    pub stopped: Option<Stopped>,
}

/// Why objects that nothing names were left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// Too many to be anything but a mistake: another bucket, an older database, a directory that is
    /// not mounted.
    #[error(
        "{unknown} of {total} objects are unknown to the metadata: is this its store? \
         They are kept until that is accepted"
    )]
    TooMany {
        /// Objects nothing names.
        unknown: u64,
        /// All objects.
        total: u64,
    },
    /// The metadata was restored, and nobody has said yet that what it does not know may go.
    #[error(
        "{unknown} objects are unknown to metadata that was restored: they are kept until that is accepted"
    )]
    Held {
        /// Objects nothing names.
        unknown: u64,
    },
}

enum Phase {
    Expire,
    Condemn,
    Remove,
    Sweep(Sweep),
    Release,
    Delete,
    Done,
}

/// Rows per step: few enough for a step to be short.
const BATCH: usize = 500;

/// Objects deleted per step: to give a large file's space back takes a disk its time.
const DELETIONS: usize = 50;

impl Registry {
    /// Begins a round of collection.
    pub fn collector(&self) -> Collector {
        let inner = Arc::clone(&self.inner);
        Collector {
            inner,
            phase: Phase::Expire,
            report: CollectReport::default(),
            accepts_unknown: false,
        }
    }

    /// A whole round of collection. What it condemns is removed by a round that begins a grace period
    /// later, at the earliest.
    ///
    /// # Errors
    /// When a backend does not answer; what was done until then stays done.
    pub async fn collect(&self) -> Result<CollectReport> {
        let _turn = self.inner.collecting.lock().await;
        let mut collector = self.collector();
        while collector.step().await? == Progress::More {}
        Ok(collector.report)
    }

    /// A whole round of collection that takes no more of the machine than its budget allows. Where somebody
    /// waits for a round meanwhile, this one waits for that.
    ///
    /// # Errors
    /// As [`collect`](Self::collect).
    pub async fn collect_within(&self, budget: Budget, timer: &dyn Timer) -> Result<CollectReport> {
        self.collector().finish_within(budget, timer).await
    }

    /// The same, where it is this process's turn.
    ///
    /// # Errors
    /// As [`collect`](Self::collect).
    pub async fn collect_in_turn(
        &self,
        turn: Turn,
        budget: Budget,
        timer: &dyn Timer,
    ) -> Result<Option<CollectReport>> {
        let round = self.collect_within(budget, timer);
        let report = self.in_turn(turn, timer, round).await?;
        if report.is_none() {
            self.inner.figures.change(|figures| {
                figures.collector.left += 1;
                figures.collector.phase = CollectorPhase::Idle;
            });
        }
        Ok(report)
    }
}

impl Collector {
    /// Lets what nothing names go however much of the store it is, once it has been unknown for the grace
    /// period. Somebody has looked, and says that this is the store of this metadata.
    #[must_use]
    pub fn accept_unknown(mut self) -> Self {
        self.accepts_unknown = true;
        self
    }

    /// Does the rest of the round, as [`Registry::collect_within`] does it.
    ///
    /// # Errors
    /// When a backend does not answer; what was done until then stays done.
    pub async fn finish_within(
        mut self,
        budget: Budget,
        timer: &dyn Timer,
    ) -> Result<CollectReport> {
        let inner = Arc::clone(&self.inner);
        loop {
            let step = async || {
                let _turn = inner.collecting.lock().await;
                let before = self.work();
                let progress = self.step().await;
                (progress, self.work().since(before))
            };
            if step_within(budget, timer, step).await? == Progress::Done {
                break;
            }
        }
        let now = timer.now();
        let figures = &inner.figures;
        figures.change(|figures| figures.collector.last_success = Some(now));
        Ok(self.report)
    }

    /// What was done so far.
    pub fn report(&self) -> &CollectReport {
        &self.report
    }

    /// Does a bounded piece of work. After an error the same step may be tried again.
    ///
    /// # Errors
    /// When a backend does not answer.
    pub async fn step(&mut self) -> Result<Progress> {
        if let Phase::Done = self.phase {
            return Ok(Progress::Done);
        }
        let before = self.report.clone();
        let outcome = self.act().await;
        self.tell(&before, &outcome);
        outcome
    }

    /// What was done so far, as far as a budget bounds it.
    pub fn work(&self) -> Work {
        Work {
            bytes: self.report.removed.bytes,
            objects: self.report.objects_deleted,
        }
    }

    /// Adds what a step did to the figures.
    fn tell(&self, before: &CollectReport, outcome: &Result<Progress>) {
        let (report, phase) = (&self.report, self.phase.name());
        self.inner.figures.change(|figures| {
            let sum = &mut figures.collector;
            sum.phase = phase;
            sum.failures += u64::from(outcome.is_err());
            sum.condemned += report.condemned.rows() - before.condemned.rows();
            sum.removed += report.removed.rows() - before.removed.rows();
            sum.removed_bytes += report.removed.bytes - before.removed.bytes;
            sum.objects_deleted += report.objects_deleted - before.objects_deleted;
            sum.expired_uploads += report.expired_uploads - before.expired_uploads;
            sum.orphans_doomed += report.orphans_doomed - before.orphans_doomed;
            if matches!(outcome, Ok(Progress::Done)) {
                sum.rounds += 1;
                sum.orphans = report.orphans_found;
                sum.stopped = report.stopped;
            }
        });
    }

    async fn act(&mut self) -> Result<Progress> {
        match &mut self.phase {
            Phase::Expire => self.expire().await?,
            Phase::Condemn => self.condemn().await?,
            Phase::Remove => self.remove().await?,
            Phase::Sweep(sweep) => {
                if sweep.step(&self.inner, &mut self.report).await? == Progress::Done {
                    self.phase = Phase::Release;
                }
            }
            Phase::Release => self.release().await?,
            Phase::Delete => self.delete().await?,
            Phase::Done => {}
        }
        Ok(match self.phase {
            Phase::Done => Progress::Done,
            _ => Progress::More,
        })
    }

    async fn expire(&mut self) -> Result<()> {
        let Inner {
            metadata,
            blobs,
            settings,
            ..
        } = &*self.inner;
        let writes = metadata.expire(settings.upload_expiry, BATCH).await?;
        for write in &writes {
            blobs.delete(write).await?;
        }
        metadata.forget_expired(&writes).await?;
        self.report.expired_uploads += writes.len() as u64;
        if writes.len() < BATCH {
            self.phase = Phase::Condemn;
        }
        Ok(())
    }

    async fn condemn(&mut self) -> Result<()> {
        let step = self.inner.metadata.condemn(BATCH).await?;
        let sum = &mut self.report.condemned;
        sum.blobs += step.blobs;
        sum.manifests += step.manifests;
        sum.contents += step.contents;
        if !step.more {
            self.inner.metadata.seal().await?;
            self.phase = Phase::Remove;
        }
        Ok(())
    }

    async fn remove(&mut self) -> Result<()> {
        let Inner {
            metadata, settings, ..
        } = &*self.inner;
        let step = metadata
            .remove(settings.grace, BATCH, self.inner.own_origin())
            .await?;
        let sum = &mut self.report.removed;
        sum.blobs += step.blobs;
        sum.manifests += step.manifests;
        sum.contents += step.contents;
        sum.bytes += step.bytes;
        if step.manifests > 0 {
            self.inner.changed.ring();
        }
        if !step.more {
            self.phase = Phase::Sweep(Sweep::accepting(self.accepts_unknown));
        }
        Ok(())
    }

    async fn release(&mut self) -> Result<()> {
        let keep = self.inner.settings.quarantine.keep;
        if self.inner.metadata.release(keep, BATCH).await? < BATCH as u64 {
            self.phase = Phase::Delete;
        }
        Ok(())
    }

    async fn delete(&mut self) -> Result<()> {
        let doomed = self.inner.metadata.doomed(DELETIONS).await?;
        let keys: Vec<_> = doomed.into_iter().map(|doomed| doomed.key).collect();
        for key in &keys {
            self.inner.blobs.delete(key).await?;
        }
        self.inner.metadata.forget_doomed(&keys).await?;
        self.report.objects_deleted += keys.len() as u64;
        if keys.len() < DELETIONS {
            self.phase = Phase::Done;
        }
        Ok(())
    }
}

impl Phase {
    fn name(&self) -> CollectorPhase {
        match self {
            Self::Expire => CollectorPhase::Expire,
            Self::Condemn => CollectorPhase::Condemn,
            Self::Remove => CollectorPhase::Remove,
            Self::Sweep(_) => CollectorPhase::Sweep,
            Self::Release => CollectorPhase::Release,
            Self::Delete => CollectorPhase::Delete,
            Self::Done => CollectorPhase::Idle,
        }
    }
}
