//! Whether a server says that it can answer requests.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use registry_core::Settings;
use registry_server::{
    HealthCheck, MetricsFor, Operations, Readiness, ReadinessSettings, Unhealthy,
};
use serde_json::json;

use crate::support::{Harness, Reply};

/// A part that does as it is told.
#[derive(Default)]
struct Part {
    fails: AtomicBool,
    hangs: AtomicBool,
    tried: AtomicUsize,
}

#[async_trait]
impl HealthCheck for Part {
    fn name(&self) -> &str {
        "disk"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        self.tried.fetch_add(1, SeqCst);
        if self.hangs.load(SeqCst) {
            pending::<()>().await;
        }
        match self.fails.load(SeqCst) {
            true => Err(Unhealthy::new(
                "cannot write /secret/path as user 'hunter2'",
            )),
            false => Ok(()),
        }
    }
}

struct Stage {
    part: Arc<Part>,
    readiness: Arc<Readiness>,
    harness: Harness,
}

impl Stage {
    async fn new(settings: ReadinessSettings) -> Self {
        let part = Arc::new(Part::default());
        let readiness = Arc::new(Readiness::new(settings, vec![Arc::clone(&part) as _]));
        let operations = Operations::new(Arc::clone(&readiness), Vec::new());
        let harness = Harness::with(Settings::default(), |service| {
            service.operations(Arc::new(operations), MetricsFor::Nobody)
        });
        Self {
            part,
            readiness,
            harness: harness.await,
        }
    }

    async fn ask(&self) -> Reply {
        self.harness.client().get("/readyz").await
    }
}

/// Every question is a trial.
const EAGER: ReadinessSettings = ReadinessSettings {
    limit: Duration::from_secs(60),
    keep: Duration::ZERO,
};

#[tokio::test]
async fn it_is_ready_while_all_parts_work() {
    let stage = Stage::new(EAGER).await;
    let reply = stage.ask().await.expect(200);
    let reply = reply.expect_header("cache-control", "no-store");
    assert_eq!(
        reply.json(),
        json!({"status": "ready", "parts": {"disk": "works"}})
    );
    stage.part.fails.store(true, SeqCst);
    stage.ask().await.expect(503);
    stage.harness.client().get("/healthz").await.expect(200);
    stage.part.fails.store(false, SeqCst);
    stage.ask().await.expect(200);
}

#[tokio::test]
async fn hazard_31_why_a_part_fails_is_not_told_to_strangers() {
    let stage = Stage::new(EAGER).await;
    stage.part.fails.store(true, SeqCst);
    let reply = stage.ask().await.expect(503);
    assert_eq!(
        reply.json(),
        json!({"status": "not ready", "parts": {"disk": "fails"}})
    );
}

#[tokio::test]
async fn hazard_32_asking_often_tries_the_parts_no_more_often() {
    let keep = Duration::from_secs(3600);
    let stage = Stage::new(ReadinessSettings { keep, ..EAGER }).await;
    for _ in 0..50 {
        stage.ask().await.expect(200);
    }
    assert_eq!(stage.part.tried.load(SeqCst), 1);
}

#[tokio::test]
async fn hazard_32_a_part_that_hangs_is_not_tried_again_beside_itself() {
    let limit = Duration::from_millis(1);
    let stage = Stage::new(ReadinessSettings { limit, ..EAGER }).await;
    stage.part.hangs.store(true, SeqCst);
    for _ in 0..5 {
        stage.ask().await.expect(503);
    }
    assert_eq!(stage.part.tried.load(SeqCst), 1);
}

#[tokio::test]
async fn it_is_not_ready_while_it_drains() {
    let stage = Stage::new(EAGER).await;
    stage.readiness.drain();
    let reply = stage.ask().await.expect(503);
    assert_eq!(reply.json(), json!({"status": "draining"}));
    assert_eq!(stage.part.tried.load(SeqCst), 0);
}
