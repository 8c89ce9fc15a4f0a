//! Whether requests can be answered: what they need is tried.
//!
//! Trying costs a sync of the disk, so an outcome is kept for a moment and all who ask meanwhile get it;
//! asking often is no way to keep a disk busy. Each part has a time limit, and one that does not answer
//! is waited for, not asked again beside itself.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::join_all;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::Instant};

use super::{
    answer,
    ongoing::{Ongoing, Undone},
};
use crate::respond::Body;

/// A part that requests need.
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// What the part is called, to whoever asks.
    fn name(&self) -> &str;

    /// Tries it. It may hang: it is not called again before it has ended.
    async fn check(&self) -> Result<(), Unhealthy>;
}

/// A part does not work. The reason is for the log alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unhealthy(String);

/// How parts are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadinessSettings {
    /// The longest that a part may take.
    pub limit: Duration,
    /// For how long an outcome holds.
    pub keep: Duration,
}

/// Whether requests can be answered.
pub struct Readiness {
    settings: ReadinessSettings,
    draining: AtomicBool,
    trials: Mutex<Trials>,
}

struct Trials {
    parts: Vec<Part>,
    latest: Option<(Instant, Outcomes)>,
}

/// How each part did, in order.
type Outcomes = Arc<[bool]>;

struct Part {
    check: Arc<dyn HealthCheck>,
    running: Ongoing<Result<(), Unhealthy>>,
    works: bool,
}

impl Unhealthy {
    /// For this reason.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl Default for ReadinessSettings {
    fn default() -> Self {
        Self {
            limit: Duration::from_secs(2),
            keep: Duration::from_secs(1),
        }
    }
}

impl Readiness {
    /// It is ready when all of these are.
    #[must_use]
    pub fn new(settings: ReadinessSettings, checks: Vec<Arc<dyn HealthCheck>>) -> Self {
        let parts = checks.into_iter().map(|check| Part {
            check,
            running: Ongoing::none(),
            works: true,
        });
        let trials = Trials {
            parts: parts.collect(),
            latest: None,
        };
        Self {
            settings,
            draining: AtomicBool::default(),
            trials: Mutex::new(trials),
        }
    }

    /// From now on it is not ready, because it stops.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    pub(super) async fn answer(&self) -> Response<Body> {
        if self.draining.load(Relaxed) {
            let text = json!({ "status": "draining" });
            return answer(StatusCode::SERVICE_UNAVAILABLE, JSON, text.to_string());
        }
        let mut trials = self.trials.lock().await;
        let outcomes = trials.outcomes(self.settings).await;
        let (status, word) = match outcomes.iter().all(|works| *works) {
            true => (StatusCode::OK, "ready"),
            false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
        };
        let text = json!({ "status": word, "parts": trials.named(&outcomes) });
        answer(status, JSON, text.to_string())
    }
}

const JSON: &str = "application/json";

impl Trials {
    /// How the parts do, or did a moment ago.
    async fn outcomes(&mut self, settings: ReadinessSettings) -> Outcomes {
        if let Some((when, outcomes)) = &self.latest
            && when.elapsed() < settings.keep
        {
            return Arc::clone(outcomes);
        }
        let trials = self.parts.iter_mut().map(|part| part.works(settings.limit));
        let outcomes: Outcomes = join_all(trials).await.into();
        self.latest = Some((Instant::now(), Arc::clone(&outcomes)));
        outcomes
    }

    fn named(&self, outcomes: &[bool]) -> Value {
        let named = self.parts.iter().zip(outcomes).map(|(part, works)| {
            let word = if *works { "works" } else { "fails" };
            (part.check.name().to_owned(), Value::from(word))
        });
        named.collect()
    }
}

impl Part {
    async fn works(&mut self, limit: Duration) -> bool {
        let check = Arc::clone(&self.check);
        let begin = || tokio::spawn(async move { check.check().await });
        let outcome = match self.running.within(limit, begin).await {
            Ok(outcome) => outcome,
            Err(Undone) => Err(Unhealthy::new(format!("no answer within {limit:?}"))),
        };
        self.tell(&outcome);
        self.works = outcome.is_ok();
        self.works
    }

    /// Says in the log what changed.
    fn tell(&self, outcome: &Result<(), Unhealthy>) {
        let part = self.check.name();
        match outcome {
            Ok(()) if !self.works => tracing::info!(part, "it works again"),
            Err(reason) if self.works => tracing::error!(part, %reason, "it does not work"),
            _ => {}
        }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").finish_non_exhaustive()
    }
}
