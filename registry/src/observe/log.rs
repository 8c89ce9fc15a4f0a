//! The access log, and its rotation.

use std::{path::PathBuf, sync::Arc};

use registry_core::SystemClock;
use registry_server::{JsonLog, LogTarget};

use crate::{
    config::{self, Config},
    failure::Failure,
    reload::Reload,
};

/// The log that is configured.
pub(super) fn start(config: &config::AccessLog) -> Result<Option<Arc<JsonLog>>, Failure> {
    let Some(target) = &config.to else {
        return Ok(None);
    };
    let target = target.0.clone();
    let what = match &target {
        LogTarget::StandardOutput => "standard output".to_owned(),
        LogTarget::File(path) => path.display().to_string(),
    };
    let log = JsonLog::start(target, Arc::new(SystemClock));
    let log = log.map_err(|error| Failure::new(format!("access_log.to: {what}: {error}")))?;
    Ok(Some(Arc::new(log)))
}

/// Has the log's file opened again on SIGHUP, as after it was moved away.
pub(crate) struct Rotation(pub(crate) Arc<JsonLog>);

impl Reload for Rotation {
    fn name(&self) -> &'static str {
        "access log"
    }

    /// None: the file changes with every line.
    fn files(&self, _: &Config) -> Vec<PathBuf> {
        Vec::new()
    }

    fn reload(&self, _: &Config) -> Result<(), Failure> {
        self.0.reopen();
        Ok(())
    }
}
