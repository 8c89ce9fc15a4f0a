//! Measures a registry: its own CPU time per operation, its rate, its latencies, its memory.
//!
//! On a shared machine absolute times are noise. The server's own CPU time over a counted load is not,
//! nor is its ratio to a bare hyper service measured in turn with it: those two come first in every
//! table. So the load must be cheap: requests are written once, and answers are read by a parser of
//! their own, on one thread. A load generator of the usual kind was the alternative; wrk knows no
//! sequences of requests, and none reads the CPU time of the server.

mod command;
mod compare;
mod connection;
mod content;
mod exchange;
mod failure;
mod fixture;
mod http;
mod hyper_server;
mod measure;
mod operation;
mod probe;
mod process;
mod sample;
mod server;
mod smoke;
mod table;
mod target;
mod worker;

use std::process::ExitCode;

use clap::Parser;

use self::command::Arguments;

fn main() -> ExitCode {
    match command::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            registry_benches::say(format_args!("load: {failure}"));
            ExitCode::FAILURE
        }
    }
}
