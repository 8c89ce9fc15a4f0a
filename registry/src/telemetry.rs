//! Logs to standard error: text for a terminal, JSON lines for everything else.

use std::{
    io::{IsTerminal, stderr},
    path::PathBuf,
};

use tracing::Level;
use tracing_subscriber::{Layer, Registry, filter::LevelFilter, fmt, prelude::*, reload};

use crate::{config::Config, failure::Failure, reload::Reload};

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLevel {
    /// What an operator must look into.
    Error,
    /// And what is odd.
    Warn,
    /// And what the registry begins and ends.
    Info,
    /// And every request.
    Debug,
    /// And everything below.
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        Self::from_level(match level {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
            LogLevel::Debug => Level::DEBUG,
            LogLevel::Trace => Level::TRACE,
        })
    }
}

/// The level, which can change.
#[derive(Clone, Debug)]
pub(crate) struct Logging(reload::Handle<LevelFilter, Registry>);

impl Reload for Logging {
    fn name(&self) -> &'static str {
        "log level"
    }

    fn files(&self, _: &Config) -> Vec<PathBuf> {
        Vec::new()
    }

    fn reload(&self, config: &Config) -> Result<(), Failure> {
        let level = LevelFilter::from(config.log.level);
        self.0
            .reload(level)
            .map_err(|error| Failure::new(error.to_string()))
    }
}

/// What takes spans beside the log.
type Spans = Box<dyn Layer<Registry> + Send + Sync>;

/// Sets logging up, once, at the start.
pub(crate) fn start(level: LogLevel, spans: Option<Spans>) -> Logging {
    let layer = fmt::layer().with_writer(stderr);
    let layer = if stderr().is_terminal() {
        layer.with_target(false).boxed()
    } else {
        layer
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed()
    };
    let (filter, handle) = reload::Layer::new(LevelFilter::from(level));
    let mut layers = vec![layer.with_filter(filter).boxed()];
    layers.extend(spans);
    tracing_subscriber::registry().with(layers).init();
    Logging(handle)
}
