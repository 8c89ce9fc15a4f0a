//! Reading everything again, slowly, to find what went wrong by itself.
//!
//! A run reads every content and hashes it in the algorithm of its digest, and then every manifest, and
//! looks whether what it requires is there. It goes in steps of a mebibyte at most and keeps how far it has
//! come, so that it can stop anywhere and go on in another process. Reading what is pulled anyhow was the
//! alternative: it finds nothing in what nobody has pulled for a year, which is what scrubbing is for.

mod finding;
mod position;
mod reading;
mod turn;

use std::{collections::VecDeque, sync::Arc, time::Duration};

pub use self::finding::Finding;
pub(super) use self::turn::Turns;
use self::{
    position::Position,
    reading::{Read, Reading},
    turn::Turn,
};
use super::{
    Error, Inner, Progress, Registry, Result,
    budget::{Budget, Timer, Work, step_within},
};
use crate::{
    backend::{BlobContent, KeptContent, KeptManifest, ObjectKey},
    digest::Digest,
};

/// Rows per step.
const BATCH: usize = 64;

/// A place is kept at least as often as this much is read: a note is a commit.
const KEEP_EVERY: u64 = 64 << 20;

/// One run through everything, a bounded step at a time.
pub struct Scrubber {
    inner: Arc<Inner>,
    options: ScrubOptions,
    position: Option<Position>,
    queue: VecDeque<KeptContent>,
    reading: Option<Reading>,
    report: ScrubReport,
    findings: Vec<Finding>,
    /// Those of them that the report counts.
    counted: usize,
    /// How much was read when its place was kept last.
    kept_at: u64,
}

/// How a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrubOptions {
    /// Whether it goes on where an earlier run stopped.
    pub resume: bool,
    /// Whether corrupt content is taken out of sight. Otherwise nothing is changed, and no run goes on from
    /// this one.
    pub quarantine: bool,
    /// Whether content whose object is not there is taken out of sight, too, however much it is. A store
    /// says so of objects that it merely cannot see, so somebody must have looked.
    pub give_up_absent: bool,
    /// Whether it ends where a run begins that does not give way. So it goes on by itself until somebody asks
    /// for one.
    pub gives_way: bool,
}

/// Why a run was not whole.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ScrubError {
    /// Another one is under way in this process.
    #[error("everything is being read again already: wait for the end of that")]
    Running,
    /// It gave way to another one. Its place was kept.
    #[error("another run took over")]
    Overtaken,
    /// A backend did not answer.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScrubReport {
    /// Contents read.
    pub contents: u64,
    /// Manifests read.
    pub manifests: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// What was found wrong.
    pub findings: u64,
}

impl Registry {
    /// Begins a run step by step. Whoever drives it sees to it that there is one at a time, and no
    /// [`scrub_within`](Self::scrub_within) meanwhile.
    pub fn scrubber(&self, options: ScrubOptions) -> Scrubber {
        Scrubber {
            inner: Arc::clone(&self.inner),
            options,
            position: (!options.resume).then_some(Position::BEGINNING),
            queue: VecDeque::new(),
            reading: None,
            report: ScrubReport::default(),
            findings: Vec::new(),
            counted: 0,
            kept_at: 0,
        }
    }

    /// A whole run within a budget. What is found is told as it is found, with what was done so far. One
    /// that is dropped has ended.
    ///
    /// # Errors
    /// When another run is under way that does not give way to this one; when one begins that this one gives
    /// way to; when the metadata does not answer. Another run that resumes goes on from there.
    pub async fn scrub_within(
        &self,
        options: ScrubOptions,
        budget: Budget,
        timer: &dyn Timer,
        mut tell: impl FnMut(&ScrubReport, Vec<Finding>) + Send,
    ) -> Result<ScrubReport, ScrubError> {
        let turn = Turn::take(&self.inner, options.gives_way).ok_or(ScrubError::Running)?;
        let mut scrubber = self.scrubber(options);
        loop {
            if turn.is_over() {
                return Err(ScrubError::Overtaken);
            }
            let step = async || {
                let before = scrubber.report.bytes;
                let progress = scrubber.step().await;
                let bytes = scrubber.report.bytes - before;
                (progress, Work { bytes, objects: 0 })
            };
            let progress = step_within(budget, timer, step).await;
            let findings = scrubber.take_findings();
            tell(&scrubber.report, findings);
            if progress? == Progress::Done {
                return Ok(scrubber.end(timer).await?);
            }
        }
    }

    /// Whether a run is under way, in whichever process, or the last one ended so long ago.
    ///
    /// # Errors
    /// When the metadata does not answer.
    pub async fn scrub_is_due(&self, every: Duration, timer: &dyn Timer) -> Result<bool> {
        let note = self.inner.metadata.scrub_note().await?;
        Ok(match note.as_deref().map(Position::parse) {
            Some(Position::Ended(at)) => timer.now().since(at) >= every,
            _ => true,
        })
    }
}

impl Scrubber {
    /// What was done so far.
    pub fn report(&self) -> &ScrubReport {
        &self.report
    }

    /// What was found since it was last asked for.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.counted = 0;
        std::mem::take(&mut self.findings)
    }

    /// Reads a little more. After an error the same step may be tried again.
    ///
    /// # Errors
    /// When the metadata does not answer.
    pub async fn step(&mut self) -> Result<Progress> {
        let before = self.report;
        let progress = self.act().await;
        if progress.is_err() {
            // What was at hand is looked at again.
            self.queue.clear();
            self.reading = None;
        }
        self.count(&before);
        progress
    }

    async fn act(&mut self) -> Result<Progress> {
        if let Some(reading) = self.reading.take() {
            let read = reading.step().await;
            self.take(read).await?;
            return Ok(Progress::More);
        }
        match self.position().await? {
            Position::Contents(after) => {
                if self.queue.is_empty() {
                    let page = self.inner.metadata.contents(after.as_ref(), BATCH).await?;
                    self.queue.extend(page);
                }
                self.look_at_contents().await?;
                Ok(Progress::More)
            }
            Position::Manifests(after) => {
                let after = after.as_ref().map(|(name, digest)| (name, digest));
                let page = self.inner.metadata.manifests(after, BATCH).await?;
                self.look_at_manifests(page).await
            }
            Position::Ended(_) => Ok(Progress::Done),
        }
    }

    /// Where it is; at first where the last run stopped.
    async fn position(&mut self) -> Result<Position> {
        if let Some(position) = &self.position {
            return Ok(position.clone());
        }
        let note = self.inner.metadata.scrub_note().await?;
        let position = match note.as_deref().map(Position::parse) {
            None | Some(Position::Ended(_)) => Position::BEGINNING,
            Some(position) => position,
        };
        self.position = Some(position.clone());
        Ok(position)
    }

    /// Looks at what is at hand, up to the next object, which it opens.
    async fn look_at_contents(&mut self) -> Result<()> {
        while let Some(content) = self.queue.pop_front() {
            if content.quarantined {
                self.pass(content.digest).await?;
                continue;
            }
            let BlobContent::Inline(bytes) = &content.content else {
                let read = Reading::open(&self.inner, content).await;
                return self.take(read).await;
            };
            self.report.bytes += bytes.len() as u64;
            match self.is_wrong(&content.digest, bytes) {
                true => self.found_corrupt(content).await?,
                false => self.pass(content.digest).await?,
            }
        }
        if let Some(Position::Contents(after)) = &self.position {
            let more = self.inner.metadata.contents(after.as_ref(), 1).await?;
            if more.is_empty() {
                self.reach(Position::Manifests(None)).await?;
            }
        }
        Ok(())
    }

    fn is_wrong(&self, digest: &Digest, bytes: &[u8]) -> bool {
        let computed = self.inner.algorithms.digest(digest.algorithm(), bytes);
        computed.is_some_and(|computed| computed != *digest)
    }

    /// Takes what came of reading an object.
    async fn take(&mut self, read: Read) -> Result<()> {
        match read {
            Read::More(reading, bytes) => {
                self.report.bytes += bytes;
                self.reading = Some(reading);
                Ok(())
            }
            Read::Sound(digest, bytes) => {
                self.report.bytes += bytes;
                self.pass(digest).await
            }
            Read::Wrong(content) => self.found_corrupt(content).await,
            Read::Absent(content, object) => self.found_absent(content, object).await,
            Read::Unreadable(digest, error) => {
                let unreadable = digest.clone();
                self.findings.push(Finding::UnreadableBlob {
                    digest: unreadable,
                    error,
                });
                self.pass(digest).await
            }
        }
    }

    async fn found_corrupt(&mut self, content: KeptContent) -> Result<()> {
        if is_still_there(&self.inner, self.position.clone(), &content).await? {
            let KeptContent {
                digest, content, ..
            } = &content;
            let quarantined =
                self.options.quarantine && self.inner.quarantine(digest, content).await?;
            let object = match content {
                BlobContent::Object(object) => Some(object.clone()),
                BlobContent::Inline(_) => None,
            };
            self.findings.push(Finding::CorruptBlob {
                digest: digest.clone(),
                object,
                quarantined,
            });
        }
        self.pass(content.digest).await
    }

    async fn found_absent(&mut self, content: KeptContent, object: ObjectKey) -> Result<()> {
        if is_still_there(&self.inner, self.position.clone(), &content).await? {
            let digest = content.digest.clone();
            let metadata = &self.inner.metadata;
            let quarantined =
                self.options.give_up_absent && metadata.quarantine(&digest, Some(&object)).await?;
            self.findings.push(Finding::AbsentBlob {
                digest,
                object,
                quarantined,
            });
        }
        self.pass(content.digest).await
    }

    /// Goes on behind a content.
    async fn pass(&mut self, digest: Digest) -> Result<()> {
        self.report.contents += 1;
        let position = Position::Contents(Some(digest));
        let unkept = self.report.bytes - self.kept_at;
        if self.queue.is_empty() || unkept >= KEEP_EVERY {
            return self.reach(position).await;
        }
        self.position = Some(position);
        Ok(())
    }

    /// Goes on from there, in whichever process.
    async fn reach(&mut self, position: Position) -> Result<()> {
        if self.options.quarantine {
            let metadata = &self.inner.metadata;
            metadata.keep_scrub_note(&position.note()).await?;
        }
        self.kept_at = self.report.bytes;
        self.position = Some(position);
        Ok(())
    }

    async fn look_at_manifests(&mut self, page: Vec<KeptManifest>) -> Result<Progress> {
        let Some(last) = page.last() else {
            return Ok(Progress::Done);
        };
        let last = (last.repository.clone(), last.digest.clone());
        for manifest in page {
            self.look_at_manifest(manifest);
        }
        self.reach(Position::Manifests(Some(last))).await?;
        Ok(Progress::More)
    }

    fn look_at_manifest(&mut self, manifest: KeptManifest) {
        let KeptManifest {
            repository,
            digest,
            bytes,
            missing,
        } = manifest;
        self.report.manifests += 1;
        self.report.bytes += bytes.len() as u64;
        let lacks = missing.into_iter().map(|missing| Finding::Missing {
            repository: repository.clone(),
            digest: digest.clone(),
            missing,
        });
        self.findings.extend(lacks);
        if self.is_wrong(&digest, &bytes) {
            self.findings
                .push(Finding::CorruptManifest { repository, digest });
        }
    }

    /// Adds what a step did to the figures.
    fn count(&mut self, before: &ScrubReport) {
        let found = self.findings.len() - self.counted;
        self.counted = self.findings.len();
        self.report.findings += found as u64;
        let now = self.report;
        self.inner.figures.change(|figures| {
            let sum = &mut figures.scrub;
            sum.read += now.contents - before.contents + now.manifests - before.manifests;
            sum.bytes += now.bytes - before.bytes;
            sum.findings += found as u64;
        });
    }

    /// Notes when it ended.
    async fn end(mut self, timer: &dyn Timer) -> Result<ScrubReport> {
        let now = timer.now();
        self.reach(Position::Ended(now)).await?;
        self.inner.figures.change(|figures| {
            figures.scrub.runs += 1;
            figures.scrub.last_success = Some(now);
        });
        Ok(self.report)
    }
}

/// Whether the content is what serves its digest still: it may have been collected meanwhile.
async fn is_still_there(
    inner: &Inner,
    position: Option<Position>,
    content: &KeptContent,
) -> Result<bool> {
    let Some(Position::Contents(mut after)) = position else {
        return Ok(false);
    };
    loop {
        let page = inner.metadata.contents(after.as_ref(), BATCH).await?;
        if let Some(found) = page.iter().find(|found| found.digest >= content.digest) {
            return Ok(found == content);
        }
        match page.last() {
            Some(last) => after = Some(last.digest.clone()),
            None => return Ok(false),
        }
    }
}
