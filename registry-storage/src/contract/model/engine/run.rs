//! A run: requests made for real, and what may be relied on.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::future::join;
use registry_core::backend::{BlobStore, Metadata, ObjectKey, ObjectKind};

use super::{
    action::{Action, Request, Step},
    caller::Process,
    known::{Known, Outcome, Session, Verdict},
    stage::{ALIKE, Index, Stage},
    tasks::Tasks,
};
use crate::contract::{
    blob_store::{BlobStoreHarness, fixture::part},
    metadata::MetadataHarness,
};

/// Rounds of collection after which nothing is left that nothing keeps: sessions, links, contents
/// and orphans, each with its grace.
const ROUNDS: usize = 8;

pub(super) struct Run<'a> {
    harness: &'a dyn MetadataHarness,
    blobs: Arc<dyn BlobStore>,
    metadata: Arc<dyn Metadata>,
    stage: Stage,
    processes: [Process; 2],
    known: Known,
    tasks: Tasks,
}

impl<'a> Run<'a> {
    pub(super) async fn new(
        store: &dyn BlobStoreHarness,
        harness: &'a dyn MetadataHarness,
    ) -> Self {
        let tasks = Tasks::default();
        let first = Process::new(1, tasks.clone(), store.store(), harness.metadata()).await;
        let second = Process::new(2, tasks.clone(), store.second(), harness.second()).await;
        Self {
            harness,
            blobs: store.store(),
            metadata: harness.metadata(),
            stage: Stage::new(part(&*store.store())),
            processes: [first, second],
            known: Known::default(),
            tasks,
        }
    }

    /// Makes all requests, reads everything, collects what can be, and looks that nothing was lost and
    /// nothing leaks.
    pub(super) async fn all(mut self, steps: &[Step]) -> Verdict {
        for (number, step) in steps.iter().enumerate() {
            let verdict = self.step(step).await;
            verdict.map_err(|words| format!("at step {number}, {:?}: {words}", step.action))?;
        }
        self.read_all().await?;
        for round in 0..ROUNDS {
            self.advance(100).await;
            self.collect(round % 2).await;
        }
        self.read_all().await?;
        self.leaks_nothing().await
    }

    async fn step(&mut self, step: &Step) -> Verdict {
        match &step.action {
            Action::Advance(hours) => {
                self.advance(*hours).await;
                Ok(())
            }
            Action::Collect => {
                self.collect(step.engine).await;
                Ok(())
            }
            Action::Request(request) => self.request(step, request).await,
            Action::Rivals { at, share } => self.rivals(step.engine, *at, *share).await,
        }
    }

    async fn rivals(&mut self, engine: Index, at: Index, share: u64) -> Verdict {
        let [blob, other] = ALIKE;
        let begin = Request::Begin { slot: 0, at, blob };
        let Outcome::Begun(id) = self.ask(engine, &begin, None, None).await else {
            return Err("a session could not be begun".to_owned());
        };
        let session = Session::new(at, blob, id.clone(), 0);
        let rival = Session::new(at, other, id, 0);
        let (slot, breaks) = (0, false);
        let append = Request::Append {
            slot,
            share,
            breaks,
        };
        let stands = self.ask(engine, &append, Some(&session), Some(0)).await;
        let Outcome::Stands(offset) = stands else {
            return Err(format!(
                "appending to a new session was answered {stands:?}"
            ));
        };
        let finish = Request::Finish { slot, wrong: false };
        let ends = join(
            self.ask(engine, &finish, Some(&session), Some(offset)),
            self.ask(1 - engine, &finish, Some(&rival), Some(offset)),
        );
        let ends = ends.await;
        self.known
            .learn_of_rivals(at, [(blob, ends.0), (other, ends.1)])
    }

    /// Makes a request without trouble.
    async fn ask(
        &self,
        engine: Index,
        request: &Request,
        session: Option<&Session>,
        start: Option<u64>,
    ) -> Outcome {
        let process = &self.processes[engine];
        process
            .ask(&self.stage, request, session, start, None)
            .await
    }

    /// Where a session stands; none where it has ended.
    async fn status(
        &mut self,
        engine: Index,
        slot: Index,
        session: &Session,
    ) -> Result<Option<u64>, String> {
        let status = self.processes[engine].status(session).await;
        let verdict = self.known.learn_status(slot, &status);
        verdict.map_err(|words| format!("the status: {words}"))?;
        Ok(match status {
            Outcome::Stands(offset) => Some(offset),
            _ => None,
        })
    }

    async fn advance(&mut self, hours: u32) {
        let time = Duration::from_hours(u64::from(hours));
        self.harness.advance(time).await;
        self.known.advance(hours);
    }

    async fn collect(&mut self, engine: Index) {
        self.processes[engine].collect().await;
        self.known.collect();
    }

    async fn request(&mut self, step: &Step, request: &Request) -> Verdict {
        let slot = request.slot();
        let session = slot.and_then(|slot| self.known.session(slot)).cloned();
        let mut start = None;
        if let (Some(slot), Some(session)) = (slot, &session) {
            start = self.status(step.engine, slot, session).await?;
        }
        let process = &self.processes[step.engine];
        let trouble = step.trouble.as_ref();
        let asked = process.ask(&self.stage, request, session.as_ref(), start, trouble);
        let collects = step.collects_beside;
        let outcome = beside(asked, collects, self.processes[1 - step.engine].collect()).await;
        if collects {
            self.known.collect();
        }
        self.known.learn(request, &outcome)?;
        if collects {
            self.tasks.ended().await;
            self.known.collect();
        }
        Ok(())
    }

    async fn read_all(&mut self) -> Verdict {
        for request in Request::all_reads() {
            for engine in [0, 1] {
                let outcome = self.ask(engine, &request, None, None).await;
                let verdict = self.known.learn(&request, &outcome);
                verdict.map_err(|words| format!("at the end, {request:?}: {words}"))?;
            }
        }
        Ok(())
    }

    /// Every object of the store is named by something.
    async fn leaks_nothing(&self) -> Verdict {
        let unfinished = self.listed(ObjectKind::Unfinished).await;
        let committed = self.listed(ObjectKind::Committed).await;
        let unnamed = self.metadata.unknown(&committed).await.expect("unknown");
        let doomed = self.metadata.doomed(100).await.expect("doomed");
        if unfinished.is_empty() && unnamed.is_empty() && doomed.is_empty() {
            return Ok(());
        }
        Err(format!(
            "what is left in the end: unfinished writes {unfinished:?}, objects that nothing names \
             {unnamed:?}, objects that were given up {doomed:?}"
        ))
    }

    async fn listed(&self, kind: ObjectKind) -> Vec<ObjectKey> {
        self.blobs.list(kind, None, 1000).await.expect("list")
    }
}

/// The request, and the round of a collector beside it where there is one.
async fn beside(
    request: impl Future<Output = Outcome>,
    collects: bool,
    round: impl Future<Output = ()>,
) -> Outcome {
    match collects {
        true => join(request, round).await.0,
        false => request.await,
    }
}
