//! What the registry does by itself: collection, reading everything again, taking out of sight.

use async_trait::async_trait;
use registry_core::{CollectorFigures, CollectorPhase, Registry, ScrubFigures, Timestamp};

use super::{Exposition, Gather};
use crate::operations::{HealthCheck, Unhealthy};

/// The figures of a registry's engine. As a part of readiness it works until so much content was found
/// wrong that the store itself is in doubt.
#[derive(Clone)]
pub struct EngineFigures(Registry);

impl EngineFigures {
    /// Those of this registry.
    #[must_use]
    pub fn of(registry: Registry) -> Self {
        Self(registry)
    }
}

#[async_trait]
impl HealthCheck for EngineFigures {
    fn name(&self) -> &str {
        "content"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        match self.0.figures().quarantine_stopped {
            true => Err(Unhealthy::new(
                "so much content is wrong that the store is in doubt: look at its disk and memory",
            )),
            false => Ok(()),
        }
    }
}

impl Gather for EngineFigures {
    fn gather(&self, page: &mut Exposition) {
        let figures = self.0.figures();
        collector(page, &figures.collector);
        orphans(page, &figures.collector);
        scrub(page, &figures.scrub);
        let help = "Contents taken out of sight because their bytes are wrong.";
        let mut family = page.counter("registry_quarantined_total", help);
        family.count(&[], figures.quarantined);
        let help = "1 where so much was wrong that nothing is taken out of sight any more.";
        let mut family = page.gauge("registry_quarantine_stopped", help);
        family.count(&[], u64::from(figures.quarantine_stopped));
    }
}

fn collector(page: &mut Exposition, figures: &CollectorFigures) {
    for (name, help, count) in [
        (
            "registry_collection_rounds_total",
            "Whole rounds of collection.",
            figures.rounds,
        ),
        (
            "registry_collection_left_total",
            "How often collection was left to another server, which is at it or has just been.",
            figures.left,
        ),
        (
            "registry_collection_failures_total",
            "Steps of collection that a backend did not answer.",
            figures.failures,
        ),
        (
            "registry_collection_condemned_total",
            "Rows that nothing kept any more.",
            figures.condemned,
        ),
        (
            "registry_collection_removed_total",
            "Rows removed.",
            figures.removed,
        ),
        (
            "registry_collection_removed_bytes_total",
            "Bytes of the contents removed.",
            figures.removed_bytes,
        ),
        (
            "registry_collection_deleted_objects_total",
            "Objects deleted from the store.",
            figures.objects_deleted,
        ),
        (
            "registry_collection_expired_uploads_total",
            "Upload sessions ended because nobody wrote to them.",
            figures.expired_uploads,
        ),
        (
            "registry_collection_doomed_orphans_total",
            "Objects that nothing named for the grace period, given up.",
            figures.orphans_doomed,
        ),
    ] {
        page.counter(name, help).count(&[], count);
    }
    let name = "registry_collection_last_done_seconds";
    moment(
        page,
        name,
        "When a round was whole last, in seconds since 1970.",
        figures.last_success,
    );
}

fn orphans(page: &mut Exposition, figures: &CollectorFigures) {
    for (name, help, count) in [
        (
            "registry_collection_running",
            "1 while a round is under way.",
            u64::from(figures.phase != CollectorPhase::Idle),
        ),
        (
            "registry_collection_orphans",
            "Objects of the store that nothing named, as the last round found.",
            figures.orphans,
        ),
        (
            "registry_collection_stopped",
            "1 where the last round left them alone: too many, or metadata that was restored.",
            u64::from(figures.stopped.is_some()),
        ),
    ] {
        page.gauge(name, help).count(&[], count);
    }
}

fn scrub(page: &mut Exposition, figures: &ScrubFigures) {
    for (name, help, count) in [
        (
            "registry_scrub_runs_total",
            "How often everything was read again.",
            figures.runs,
        ),
        (
            "registry_scrub_read_total",
            "Contents and manifests read again.",
            figures.read,
        ),
        (
            "registry_scrub_read_bytes_total",
            "Bytes of those.",
            figures.bytes,
        ),
        (
            "registry_scrub_findings_total",
            "What was found wrong.",
            figures.findings,
        ),
    ] {
        page.counter(name, help).count(&[], count);
    }
    let help = "1 while everything is being read again.";
    let mut family = page.gauge("registry_scrub_running", help);
    family.count(&[], u64::from(figures.running));
    let name = "registry_scrub_last_done_seconds";
    moment(
        page,
        name,
        "When a run was whole last, in seconds since 1970.",
        figures.last_success,
    );
}

/// Nothing is told of what has not happened.
fn moment(page: &mut Exposition, name: &'static str, help: &'static str, at: Option<Timestamp>) {
    if let Some(at) = at {
        page.gauge(name, help)
            .value(&[], at.as_millis() as f64 / 1e3);
    }
}
