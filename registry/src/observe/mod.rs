//! What operators see of this server: its figures, whether it is ready, and a line for each request.
//!
//! The library has the figures and the answers; here they are put together from the parts that this
//! program has, and from its configuration.

mod cache;
mod directory;
mod log;
mod shared;

use std::sync::Arc;

use crate::{config::Config, failure::Failure, storage::Opened};
use directory::{Content, Database};
use log::Rotation;
use registry_core::{Registry, SystemClock};
use registry_server::{
    Connections, EngineFigures, Gather, HealthCheck, JsonLog, Listener, Operations,
    OperationsService, ProcessFigures, Readiness, ReadinessSettings, RegistryServiceBuilder,
    Running, Server, Traffic,
};

/// What watches the server, and who is told.
pub(crate) struct Observers {
    connections: Arc<Connections>,
    readiness: Arc<Readiness>,
    log: Option<Arc<JsonLog>>,
    traffic: Arc<Traffic>,
    operations: Arc<Operations>,
}

impl Observers {
    /// Of a server that starts now.
    pub(crate) fn new(
        config: &Config,
        registry: &Registry,
        storage: &Opened,
        traces: Option<Arc<dyn Gather>>,
    ) -> Result<Self, Failure> {
        let traffic = Arc::new(Traffic::new());
        let connections = Arc::new(Connections::default());
        let engine = Arc::new(EngineFigures::of(registry.clone()));
        let process = ProcessFigures::start(env!("CARGO_PKG_VERSION"), &SystemClock);
        let mut figures: Vec<Arc<dyn Gather>> = vec![
            Arc::clone(&traffic) as _,
            Arc::clone(&connections) as _,
            Arc::clone(&engine) as _,
            Arc::new(process),
        ];
        let mut checks: Vec<Arc<dyn HealthCheck>> = vec![engine];
        match storage {
            Opened::Memory => {}
            Opened::Directory(directory) => {
                let database = Arc::new(Database(Arc::clone(directory.metadata())));
                let content = Arc::new(Content(directory.blobs().clone()));
                figures.extend([
                    Arc::clone(&database) as _,
                    Arc::clone(&content) as Arc<dyn Gather>,
                ]);
                checks.extend([database as _, content as Arc<dyn HealthCheck>]);
            }
            Opened::Shared(shared) => {
                let database = Arc::new(shared::Database(Arc::clone(shared.database())));
                let bucket = Arc::new(shared::Bucket(Arc::clone(shared.objects())));
                figures.extend([
                    Arc::clone(&database) as _,
                    Arc::clone(&bucket) as Arc<dyn Gather>,
                ]);
                let cache = shared.cache().map(Arc::clone);
                figures.extend(cache.map(|one| Arc::new(cache::Cache(one)) as _));
                checks.extend([database as _, bucket as Arc<dyn HealthCheck>]);
            }
        }
        let log = log::start(&config.access_log)?;
        figures.extend(log.clone().map(|log| log as _));
        figures.extend(traces);
        let readiness = Arc::new(Readiness::new(ReadinessSettings::default(), checks));
        let operations = Arc::new(Operations::new(Arc::clone(&readiness), figures));
        Ok(Self {
            connections,
            readiness,
            log,
            traffic,
            operations,
        })
    }

    /// Has a service watched, and operators answered there unless they have a listener of their own.
    pub(crate) fn watch(
        &self,
        config: &Config,
        mut service: RegistryServiceBuilder,
    ) -> RegistryServiceBuilder {
        service = service.traffic(Arc::clone(&self.traffic));
        if let Some(log) = &self.log {
            service = service.access_log(Arc::clone(log) as _);
        }
        match config.operations.listen.is_empty() {
            true => service.operations(Arc::clone(&self.operations), config.operations.metrics),
            false => service,
        }
    }

    /// Answers operators on listeners of their own, if there are any.
    pub(crate) fn serve(&self, listeners: Vec<Listener>) -> Result<Option<Running>, Failure> {
        if listeners.is_empty() {
            return Ok(None);
        }
        let server = Server::new(listeners)
            .map_err(|error| Failure::new(format!("operators cannot be answered: {error}")))?;
        let service = OperationsService::new(Arc::clone(&self.operations));
        Ok(Some(server.serve(service)))
    }

    /// Where connections are counted.
    pub(crate) fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.connections)
    }

    /// What has the access log's file opened again, if there is one.
    pub(crate) fn rotation(&self) -> Option<Rotation> {
        self.log.clone().map(Rotation)
    }

    /// The server stops: from now on it is not ready.
    pub(crate) fn drain(&self) {
        self.readiness.drain();
    }
}
