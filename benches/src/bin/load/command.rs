//! The command line.

use clap::{Args, Parser, Subcommand};

use crate::failure::{Failure, Result};
use crate::fixture::Scale;
use crate::measure::Load;
use crate::operation::Operation;
use crate::server::Server;
use crate::{compare, hyper_server, measure, smoke};

/// Measures a registry: CPU time of its own per operation, rate, latencies and memory.
#[derive(Parser)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures a bare hyper service and a registry in turn
    Compare {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        options: Options,
        /// How often the two are measured in turn
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// Measures one registry
    Measure {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        options: Options,
    },
    /// Carries out every operation a few times and checks the answers
    Smoke {
        #[command(flatten)]
        target: Target,
    },
    /// Serves one small answer to every request by hyper and nothing else
    Hyper {
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: std::net::SocketAddr,
    },
}

/// Which registry: one that is started, or one that runs.
#[derive(Args)]
struct Target {
    /// The registry's binary; it is started with `serve --memory`
    #[arg(long, value_name = "PATH", conflicts_with_all = ["server", "pid"])]
    registry: Option<String>,
    /// A command that starts a registry and prints `registry: ready at URL`
    #[arg(long, value_name = "COMMAND", conflicts_with = "pid")]
    server: Option<String>,
    /// The process of a registry that runs
    #[arg(long, requires = "url")]
    pid: Option<u32>,
    /// The address of a registry that runs, as http://127.0.0.1:PORT
    #[arg(long, requires = "pid")]
    url: Option<String>,
}

#[derive(Args)]
struct Options {
    /// Only these operations, by name, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    only: Vec<Operation>,
    /// Connections that are kept open; large transfers use at most four
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// How long each operation is measured, in seconds
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Size of a large blob in MiB
    #[arg(long, default_value_t = 64)]
    large: usize,
    /// Tags of the repository that is listed
    #[arg(long, default_value_t = 2000)]
    tags: usize,
    /// Repositories of the catalog
    #[arg(long, default_value_t = 200)]
    repositories: usize,
    /// Referrers of one manifest
    #[arg(long, default_value_t = 200)]
    referrers: usize,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Command::Compare {
            target,
            options,
            rounds,
        } => compare::run(&target.start()?, &options.load(), rounds),
        Command::Measure { target, options } => measure::run(&target.start()?, &options.load()),
        Command::Smoke { target } => smoke::run(&target.start()?),
        Command::Hyper { listen } => hyper_server::run(listen),
    }
}

impl Target {
    fn start(&self) -> Result<Server> {
        if let Some(binary) = &self.registry {
            return Server::start(&format!("{binary} serve --memory --listen 127.0.0.1:0"));
        }
        if let Some(command) = &self.server {
            return Server::start(command);
        }
        match (self.pid, &self.url) {
            (Some(pid), Some(url)) => Server::attach(pid, url),
            _ => Err(Failure::new(
                "which registry? Give --registry PATH, --server COMMAND, or --pid and --url",
            )),
        }
    }
}

impl Options {
    fn load(&self) -> Load {
        let chosen = match self.only.as_slice() {
            [] => Operation::ALL.to_vec(),
            chosen => chosen.to_vec(),
        };
        Load {
            operations: chosen,
            connections: self.connections.max(1),
            seconds: self.seconds,
            scale: Scale {
                large: self.large.max(1) << 20,
                tags: self.tags,
                repositories: self.repositories,
                referrers: self.referrers,
            },
        }
    }
}
