//! What is logged.

use crate::{
    config::{
        choice::choice,
        declaration::{Flag, section},
    },
    telemetry::LogLevel,
};

section! {
    /// What is logged: to standard error, as text on a terminal and as JSON lines elsewhere.
    Log = "log" {
        /// How much to log.
        level: LogLevel = LogLevel::Info, Flag::value("log", "error|warn|info|debug|trace")
            => reloaded;
    }
}

choice! {
    LogLevel {
        Error = "error": "what an operator must look into",
        Warn = "warn": "and what is odd",
        Info = "info": "and what the registry begins and ends",
        Debug = "debug": "and every request",
        Trace = "trace": "and everything below",
    }
}
