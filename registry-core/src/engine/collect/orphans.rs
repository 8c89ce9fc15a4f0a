//! Objects of the store that no metadata names: left by crashes and lost answers.
//!
//! They are given up only after having been unknown for the grace period by the metadata backend's
//! time, and only while they are few: many of them mean that store and metadata do not belong
//! together. Unfinished writes were never answered for, so their number says nothing.

use super::{BATCH, CollectReport, Inner, Progress, Result, Stopped};
use crate::backend::{ObjectKey, ObjectKind, UnknownObject};

/// A walk through the store.
pub(super) struct Sweep {
    kind: ObjectKind,
    after: Option<ObjectKey>,
    total: u64,
    unknown: u64,
    /// All that was unknown, of both kinds; `None` where it was more than is kept.
    met: Option<Vec<ObjectKey>>,
    /// Unknown for the grace period. Bounded: what does not fit is found by the next round.
    ripe: Vec<ObjectKey>,
    /// Whether any number of unknown objects may go.
    accepts: bool,
}

const MAX_RIPE: usize = 10_000;

const MAX_MET: usize = 10_000;

impl Sweep {
    /// A walk that begins, and is stopped by many unknown objects unless it accepts any number.
    pub(super) fn accepting(accepts: bool) -> Self {
        Self::over(ObjectKind::Unfinished, Some(Vec::new()), accepts)
    }

    fn over(kind: ObjectKind, met: Option<Vec<ObjectKey>>, accepts: bool) -> Self {
        Self {
            kind,
            after: None,
            total: 0,
            unknown: 0,
            met,
            ripe: Vec::new(),
            accepts,
        }
    }

    pub(super) async fn step(
        &mut self,
        inner: &Inner,
        report: &mut CollectReport,
    ) -> Result<Progress> {
        let keys = inner
            .blobs
            .list(self.kind, self.after.as_ref(), BATCH)
            .await?;
        self.look_at(inner, &keys).await?;
        self.after = keys.last().cloned();
        if keys.len() == BATCH {
            return Ok(Progress::More);
        }
        report.orphans_found += self.unknown;
        match self.reason_to_stop(inner).await? {
            Some(stopped) => report.stopped = Some(stopped),
            None => report.orphans_doomed += self.doom(inner).await?,
        }
        match self.kind {
            ObjectKind::Committed => {
                // What was unknown once and is in the store no more would be remembered for ever.
                if let Some(met) = &self.met {
                    inner.metadata.forget_unknown(met).await?;
                }
                Ok(Progress::Done)
            }
            ObjectKind::Unfinished => {
                *self = Self::over(ObjectKind::Committed, self.met.take(), self.accepts);
                Ok(Progress::More)
            }
        }
    }

    async fn look_at(&mut self, inner: &Inner, keys: &[ObjectKey]) -> Result<()> {
        let unknown = inner.metadata.unknown(keys).await?;
        self.total += keys.len() as u64;
        self.unknown += unknown.len() as u64;
        self.meet(&unknown);
        let ripe = unknown
            .into_iter()
            .filter(|object| object.age >= inner.settings.grace);
        let room = MAX_RIPE - self.ripe.len();
        self.ripe.extend(ripe.map(|object| object.key).take(room));
        Ok(())
    }

    fn meet(&mut self, unknown: &[UnknownObject]) {
        if let Some(met) = &mut self.met {
            met.extend(unknown.iter().map(|object| object.key.clone()));
            if met.len() > MAX_MET {
                self.met = None;
            }
        }
    }

    async fn reason_to_stop(&self, inner: &Inner) -> Result<Option<Stopped>> {
        let unknown = self.unknown;
        if unknown > 0 && inner.metadata.orphans_held().await? {
            return Ok(Some(Stopped::Held { unknown }));
        }
        Ok(self.excess(inner))
    }

    fn excess(&self, inner: &Inner) -> Option<Stopped> {
        let limits = inner.settings.orphans;
        let (unknown, total) = (self.unknown, self.total);
        let many = unknown > limits.floor && unknown * 100 > total * limits.percent;
        let stops = many && !self.accepts && self.kind == ObjectKind::Committed;
        stops.then_some(Stopped::TooMany { unknown, total })
    }

    async fn doom(&mut self, inner: &Inner) -> Result<u64> {
        let mut doomed = 0;
        for keys in self.ripe.chunks(BATCH) {
            doomed += inner.metadata.doom(keys, inner.settings.grace).await?;
        }
        Ok(doomed)
    }
}
