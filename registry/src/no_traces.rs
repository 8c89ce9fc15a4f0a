//! A build without the feature `otel`: there are no traces, and whoever asks for them is told so.

use std::sync::Arc;

use registry_core::{
    Builder,
    backend::{BlobStore, Metadata},
};
use registry_server::Gather;
use tracing_subscriber::{Layer, Registry};

use crate::{config, failure::Failure};

/// No traces.
pub(crate) struct Traces;

impl Traces {
    /// Refuses to be asked for any.
    pub(crate) fn open(config: &config::Traces) -> Result<Self, Failure> {
        match config.endpoint {
            None => Ok(Self),
            Some(_) => Err(Failure::new(
                "traces.endpoint: this registry was built without the feature otel, and cannot send traces",
            )),
        }
    }

    pub(crate) fn layer(&mut self) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
        None
    }

    pub(crate) fn start(&mut self) {}

    pub(crate) fn figures(&self) -> Option<Arc<dyn Gather>> {
        None
    }

    pub(crate) fn watch(
        &self,
        parts: Builder,
        _: Arc<dyn Metadata>,
        _: Arc<dyn BlobStore>,
    ) -> Builder {
        parts
    }

    pub(crate) async fn finish(self) {}
}
