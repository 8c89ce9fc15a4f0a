//! Measures registries: their own CPU time per operation, their rate, their latencies, their memory.
//!
//! On a shared machine absolute times are noise. The server's own CPU time over a counted load is not,
//! nor is its ratio to a bare hyper service, or to another server, measured in turn with it: those come
//! first in every table. So the load must be cheap: requests are written once, and answers are read by a
//! parser of their own, on one thread. A load generator of the usual kind was the alternative; wrk knows
//! no sequences of requests, and none reads the CPU time of the server.
//!
//! What is measured is in `scenario`, a file for each; what it is measured with is beside it.

mod command;
mod compare;
mod connection;
mod content;
mod exchange;
mod expect;
mod failure;
mod fixture;
mod guard;
mod histogram;
mod http;
mod hyper_server;
mod kept;
mod location;
mod machine;
mod markdown;
mod pace;
mod page_cache;
mod process;
mod results;
mod round;
mod sample;
mod scenario;
mod server;
mod smoke;
mod specification;
mod table;
mod target;
mod transfers;
mod upload;
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
