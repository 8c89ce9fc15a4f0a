//! The command line.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use registry_benches::say;

use crate::compare::Plan;
use crate::failure::{Failure, Result};
use crate::fixture::Scale;
use crate::results::Results;
use crate::round::Load;
use crate::scenario::{ALL, Entry};
use crate::server::Server;
use crate::specification::Specification;
use crate::target::Credential;
use crate::{compare, guard, hyper_server, markdown, smoke};

/// Without another time, this part of a measurement goes before it, uncounted.
const WARM_UP: f64 = 0.2;

/// Measures registries: CPU time of their own per operation, rate, latencies and memory.
#[derive(Parser)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures a bare hyper service and one or more registries in turns
    Compare {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        options: Options,
        /// How often each takes its turn
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
    /// Carries out every scenario a few times and checks the answers
    Smoke {
        #[command(flatten)]
        target: Target,
    },
    /// Measures what must stay cheap beside a bare hyper service, and beside the release before where a second
    /// --server is that, and fails where it has become dear
    Guard {
        #[command(flatten)]
        target: Target,
    },
    /// Writes the results of runs as Markdown
    Table {
        /// Files that --json has written
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Lists the scenarios
    Scenarios,
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
    #[arg(long, value_name = "PATH", conflicts_with_all = ["server", "url"])]
    registry: Option<String>,
    /// A command that starts a registry, and stops with it. It prints `registry: ready at URL`, or --url says where
    /// it answers. Words before the command may be name=, durability=, url=, pid=, files=, serves= and kept=, so that
    /// more servers than one can be given
    #[arg(long, value_name = "COMMAND")]
    server: Vec<String>,
    /// The process of a registry that runs; without it there are no CPU times
    #[arg(long, requires = "url", conflicts_with = "server")]
    pid: Option<u32>,
    /// The address of a registry, as http://127.0.0.1:PORT
    #[arg(long)]
    url: Option<String>,
    /// Where the files of the registry are, to take them out of the page cache
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// Remembers in a file which rows a registry has, and makes only the rest of them
    #[arg(long, value_name = "FILE")]
    keep_fixture: Option<PathBuf>,
    /// Signs each request but the ping in with a name and a password
    #[arg(long, value_name = "USER:PASSWORD", conflicts_with = "bearer")]
    basic: Option<String>,
    /// Signs each request but the ping in with a token
    #[arg(long, value_name = "TOKEN")]
    bearer: Option<String>,
}

#[derive(Args)]
struct Options {
    /// Only these scenarios, by name, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES", value_parser = Entry::named)]
    only: Vec<&'static Entry>,
    /// Connections that are kept open; large transfers use at most four
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// How long each scenario is measured, in seconds
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// How long it is carried out before, in seconds [default: a fifth of --seconds]
    #[arg(long, value_name = "SECONDS")]
    warm_up: Option<f64>,
    /// Begins so many operations in a second whatever the server does, instead of one behind the other
    #[arg(long, value_name = "NUMBER", value_parser = positive)]
    rate: Option<f64>,
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
    /// Manifests that a round can delete
    #[arg(long, default_value_t = 4000)]
    deletes: usize,
    /// Looks at the memory of the server during so many large transfers at once
    #[arg(long, value_name = "NUMBER")]
    transfers: Option<usize>,
    /// Writes all results to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Command::Compare {
            target,
            options,
            rounds,
        } => {
            let plan = options.plan(rounds, true);
            block_on(compare::run(target.open()?, &plan)).map(drop)
        }
        Command::Measure { target, options } => {
            let plan = options.plan(1, false);
            block_on(compare::run(target.open()?, &plan)).map(drop)
        }
        Command::Smoke { target } => {
            let server = target.open()?.into_iter().next();
            block_on(smoke::run(server.ok_or_else(which)?))
        }
        Command::Guard { target } => block_on(guard::run(target.open()?)),
        Command::Table { files } => files.iter().try_for_each(|file| {
            let results = Results::read(file)?;
            say(markdown::render(&results));
            Ok(())
        }),
        Command::Scenarios => {
            let line = |entry: &Entry| say(format_args!("{:<24} {}", entry.name, entry.title));
            ALL.iter().for_each(line);
            Ok(())
        }
        Command::Hyper { listen } => hyper_server::run(listen),
    }
}

/// On one thread: the server shall have the others.
fn block_on<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build()?.block_on(run)
}

impl Target {
    fn open(&self) -> Result<Vec<Server>> {
        let credential = self.credential();
        let specifications = self.specifications()?.into_iter();
        specifications
            .map(|specification| Server::open(specification, &credential))
            .collect()
    }

    fn specifications(&self) -> Result<Vec<Specification>> {
        let mut all = match (&self.registry, self.server.as_slice()) {
            (Some(binary), _) => vec![Specification::parse(&format!(
                "{binary} serve --memory --listen 127.0.0.1:0"
            ))?],
            (None, []) if self.url.is_none() => return Err(which()),
            (None, []) => vec![Specification::parse("")?],
            (None, servers) => {
                let parsed = servers.iter().map(|server| Specification::parse(server));
                parsed.collect::<Result<_>>()?
            }
        };
        if let [one] = all.as_mut_slice() {
            self.complete(one);
        } else if self.url.is_some() || self.files.is_some() || self.keep_fixture.is_some() {
            let sentence =
                "with more servers than one, say url=, files= and kept= before the command of each";
            return Err(Failure::new(sentence));
        }
        Ok(all)
    }

    /// What other options say of the only server.
    fn complete(&self, specification: &mut Specification) {
        let place = &mut specification.place;
        place.files = place.files.take().or_else(|| self.files.clone());
        place.kept = place.kept.take().or_else(|| self.keep_fixture.clone());
        specification.url = specification.url.take().or_else(|| self.url.clone());
        specification.pid = specification.pid.or(self.pid);
        if specification.name.is_empty() {
            specification.name = self.url.clone().unwrap_or_default();
        }
    }

    fn credential(&self) -> Credential {
        match (&self.basic, &self.bearer) {
            (Some(pair), _) => Credential::Basic(pair.clone()),
            (None, Some(token)) => Credential::Bearer(token.clone()),
            (None, None) => Credential::Nobody,
        }
    }
}

impl Options {
    fn plan(self, rounds: usize, beside_hyper: bool) -> Plan {
        let scenarios = match self.only.as_slice() {
            [] => ALL.iter().collect(),
            chosen => chosen.to_vec(),
        };
        let connections = self.connections.max(1);
        let warm_up = self.warm_up.unwrap_or(self.seconds * WARM_UP);
        let load = Load {
            scenarios,
            connections,
            time: Duration::from_secs_f64(self.seconds),
            warm_up: Duration::from_secs_f64(warm_up),
            rate: self.rate,
            scale: Scale {
                large: self.large.max(1) << 20,
                tags: self.tags,
                repositories: self.repositories,
                referrers: self.referrers,
                deletes: self.deletes,
                lanes: connections,
            },
        };
        Plan {
            load,
            rounds,
            beside_hyper,
            transfers: self.transfers,
            json: self.json,
        }
    }
}

fn which() -> Failure {
    Failure::new("which registry? Give --registry PATH, --server COMMAND, or --url URL")
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| *number > 0.0);
    number.ok_or_else(|| "it is a number above 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specifications(arguments: &str) -> Option<Vec<Specification>> {
        let words = ["load", "smoke"].into_iter();
        let arguments = Arguments::try_parse_from(words.chain(arguments.split(',')));
        match arguments.ok()?.command {
            Command::Smoke { target } => target.specifications().ok(),
            _ => None,
        }
    }

    #[test]
    fn servers_are_named_in_each_way() {
        let only = |arguments| {
            let mut found = specifications(arguments).unwrap();
            assert_eq!(found.len(), 1);
            found.remove(0)
        };
        assert_eq!(
            only("--registry,r").command,
            "r serve --memory --listen 127.0.0.1:0"
        );
        let peer = only("--server,peer run,--url,http://h:1,--files,d");
        assert_eq!(
            (peer.command.as_str(), peer.url.as_deref()),
            ("peer run", Some("http://h:1"))
        );
        assert_eq!(peer.place.files, Some("d".into()));
        let running = only("--url,http://h:1,--pid,7");
        assert_eq!(
            (running.name.as_str(), running.pid),
            ("http://h:1", Some(7))
        );
        assert_eq!(specifications("--server,a,--server,b").unwrap().len(), 2);
        assert!(specifications("--server,a,--server,b,--url,http://h:1").is_none());
        assert!(specifications("--basic,a:b").is_none());
    }

    #[test]
    fn the_command_line_is_consistent() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }
}
