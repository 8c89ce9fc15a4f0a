//! The container registry in one binary.
//!
//! It holds what only a program can: the command line, the process's signals and its logs. Everything
//! else is the libraries'.

mod auth;
mod command;
mod config;
mod control;
mod failure;
mod hangups;
mod housekeeping;
mod job;
mod listeners;
mod memory;
mod observe;
mod place;
mod reload;
mod site;
mod storage;
mod takeover;
mod telemetry;
#[cfg(feature = "otel")]
mod traces;
#[cfg(not(feature = "otel"))]
#[path = "no_traces.rs"]
mod traces;

use std::process::ExitCode;

use clap::Parser;

use command::Command;

/// A container registry: OCI distribution and Docker v2, in one binary.
#[derive(Debug, Parser)]
#[command(name = "registry", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    memory::limit_arenas();
    let outcome = match Arguments::try_parse() {
        Ok(arguments) => arguments.command.run(),
        Err(error) => failure::usage(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
