//! Traces of requests, for an OpenTelemetry collector.
//!
//! ```text
//! spans of tracing ──► SpanLayer ──► a queue ──► Exporter ──► POST /v1/traces
//!                      those of sampled requests    batches, tried again
//! ```
//!
//! The libraries say what happens by spans of `tracing`, whoever listens; here those become spans of
//! OpenTelemetry, by a layer and an exporter of our own over the HTTP client that is in the binary anyhow.
//! OpenTelemetry's own crates were the alternative: nearly twenty more in the tree, a second set of random
//! and encoding crates among them, for what is one JSON document per batch. An embedder who has them gets the
//! same spans through `tracing-opentelemetry`, which reads the same fields.
//!
//! Nothing here can hold up a request: the queue is bounded, what does not fit is dropped and counted.

mod backend;
mod encode;
mod exporter;
mod layer;
mod parent;
mod sampling;
mod span;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use registry_core::{
    Builder,
    backend::{BlobStore, Metadata},
};
use registry_server::{Exposition, Gather};
use registry_storage::wrap::{WrappedBlobs, WrappedMetadata};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tracing_subscriber::{Layer, Registry};

use self::{backend::Traced, exporter::Exporter, layer::SpanLayer, sampling::Sampling};
use crate::{config, failure::Failure};

/// Spans that may wait: some megabytes at most.
const QUEUE: usize = 4096;

/// How long the last spans may take to be sent.
const LAST: Duration = Duration::from_secs(5);

/// What makes and sends spans, where there is somewhere to send them.
pub(crate) struct Traces(Option<On>);

struct On {
    layer: Option<SpanLayer>,
    exporter: Option<Exporter>,
    sending: Option<Sending>,
    counts: Arc<Counts>,
}

/// The exporter at work.
struct Sending {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

/// What became of the spans.
#[derive(Debug, Default)]
struct Counts {
    exported: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
}

impl Traces {
    /// As configured. Nothing is sent yet.
    pub(crate) fn open(config: &config::Traces) -> Result<Self, Failure> {
        let Some(endpoint) = &config.endpoint else {
            return Ok(Self(None));
        };
        let counts = Arc::new(Counts::default());
        let (queue, waiting) = mpsc::channel(QUEUE);
        let exporter = Exporter::new(&endpoint.0, config, waiting, Arc::clone(&counts))
            .map_err(|error| Failure::new(format!("traces.endpoint: {error}")))?;
        Ok(Self(Some(On {
            layer: Some(SpanLayer::new(
                queue,
                Sampling::of(config),
                Arc::clone(&counts),
            )),
            exporter: Some(exporter),
            sending: None,
            counts,
        })))
    }

    /// What is to be told of spans, once.
    pub(crate) fn layer(&mut self) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
        let layer = self.0.as_mut()?.layer.take()?;
        Some(layer.filtered())
    }

    /// Begins to send, on the runtime this is called within.
    pub(crate) fn start(&mut self) {
        let Some(on) = &mut self.0 else { return };
        if let Some(exporter) = on.exporter.take() {
            let (stop, stopped) = watch::channel(false);
            let task = tokio::spawn(exporter.run(stopped));
            on.sending = Some(Sending { task, stop });
        }
    }

    /// What became of the spans, for operators.
    pub(crate) fn figures(&self) -> Option<Arc<dyn Gather>> {
        let on = self.0.as_ref()?;
        Some(Arc::clone(&on.counts) as _)
    }

    /// Has what a registry asks of its storage show in traces.
    pub(crate) fn watch(
        &self,
        parts: Builder,
        metadata: Arc<dyn Metadata>,
        blobs: Arc<dyn BlobStore>,
    ) -> Builder {
        if self.0.is_none() {
            return parts;
        }
        let traced = Arc::new(Traced);
        parts
            .metadata(Arc::new(WrappedMetadata::new(
                metadata,
                Arc::clone(&traced),
            )))
            .blobs(Arc::new(WrappedBlobs::new(blobs, traced)))
    }

    /// Sends what waits, for no longer than a few seconds.
    pub(crate) async fn finish(self) {
        let Some(Sending { task, stop }) = self.0.and_then(|on| on.sending) else {
            return;
        };
        stop.send_replace(true);
        let abort = task.abort_handle();
        if tokio::time::timeout(LAST, task).await.is_err() {
            abort.abort();
            tracing::warn!("the last spans were not sent in time");
        }
    }
}

impl Gather for Counts {
    fn gather(&self, page: &mut Exposition) {
        let help =
            "Spans of traces: sent, dropped where the queue was full, or refused by the collector.";
        let mut family = page.counter("registry_trace_spans_total", help);
        for (outcome, count) in [
            ("exported", &self.exported),
            ("dropped", &self.dropped),
            ("failed", &self.failed),
        ] {
            family.count(&[("outcome", outcome)], count.load(Relaxed));
        }
    }
}
