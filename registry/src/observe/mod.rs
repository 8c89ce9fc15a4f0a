//! What operators see of this server: its figures, whether it is ready, and a line for each request.
//!
//! The library has the figures and the answers; here they are put together from the parts that this
//! program has, and from its configuration.

mod directory;
mod log;

use std::sync::Arc;

use registry_core::SystemClock;
use registry_server::{
    Collections, Connections, Gather, HealthCheck, JsonLog, Operations, OperationsService,
    ProcessFigures, Readiness, ReadinessSettings, RegistryServiceBuilder, Running, Server, Traffic,
};
use registry_storage::directory::Directory;

use crate::{config::Config, failure::Failure};
use directory::{Content, Database};
pub(crate) use log::Rotation;

/// What watches the server, and who is told.
pub(crate) struct Observers {
    pub(crate) collections: Arc<Collections>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) log: Option<Arc<JsonLog>>,
    traffic: Arc<Traffic>,
    operations: Arc<Operations>,
}

impl Observers {
    /// Of a server that starts now.
    pub(crate) fn new(config: &Config, directory: Option<&Directory>) -> Result<Self, Failure> {
        let traffic = Arc::new(Traffic::new());
        let connections = Arc::new(Connections::default());
        let collections = Arc::new(Collections::default());
        let process = ProcessFigures::start(env!("CARGO_PKG_VERSION"), &SystemClock);
        let mut figures: Vec<Arc<dyn Gather>> = vec![
            Arc::clone(&traffic) as _,
            Arc::clone(&connections) as _,
            Arc::clone(&collections) as _,
            Arc::new(process),
        ];
        let mut checks: Vec<Arc<dyn HealthCheck>> = Vec::new();
        if let Some(directory) = directory {
            let database = Arc::new(Database(Arc::clone(directory.metadata())));
            let content = Arc::new(Content(directory.blobs().clone()));
            figures.extend([
                Arc::clone(&database) as _,
                Arc::clone(&content) as Arc<dyn Gather>,
            ]);
            checks.extend([database as _, content as Arc<dyn HealthCheck>]);
        }
        let log = log::start(&config.access_log)?;
        figures.extend(log.clone().map(|log| log as _));
        let readiness = Arc::new(Readiness::new(ReadinessSettings::default(), checks));
        let operations = Arc::new(Operations::new(Arc::clone(&readiness), figures));
        Ok(Self {
            collections,
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

    /// Answers operators on listeners of their own.
    pub(crate) fn serve(&self, servers: Vec<Server>) -> Vec<Running> {
        let service = OperationsService::new(Arc::clone(&self.operations));
        let servers = servers.into_iter();
        servers.map(|one| one.serve(service.clone())).collect()
    }
}
