//! Logs to standard error: text for a terminal, JSON lines for everything else.

use std::io::{IsTerminal, stderr};

use tracing::Level;
use tracing_subscriber::{Layer, filter::LevelFilter, fmt, prelude::*};

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

/// Sets logging up, once, at the start.
pub(crate) fn start(level: LogLevel) {
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
    tracing_subscriber::registry()
        .with(layer.with_filter(LevelFilter::from(level)))
        .init();
}
