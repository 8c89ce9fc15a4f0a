//! Uses a registry for long and compares what it has then with what it had; see `registry_tests::soak`.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use registry_tests::{
    clients::server::Program,
    soak::{
        figures::{Figures, heading},
        run::{Plan, Soak},
    },
};

/// Uses a registry for long, and compares what it has then with what it had.
#[derive(Debug, Parser)]
struct Arguments {
    /// The registry's binary
    #[arg(long, value_name = "PATH", default_value = "target/debug/registry")]
    registry: PathBuf,
    /// A directory for the data and the log; it must not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How long the clients work
    #[arg(long, default_value_t = 20.0)]
    minutes: f64,
    /// In so many rounds, with a rest after each; the first is the one that others are compared with
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    rounds: u32,
    /// Clients at once
    #[arg(long, default_value_t = 16)]
    clients: u64,
    /// Decides what they do, but for what threads and time decide
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print lines of JSON instead of a table
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            let (seed, data) = (arguments.seed, arguments.data.display());
            say(&format!("WRONG: {wrong}"));
            say(&format!("seed {seed}; the data is left in {data}"));
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn run(&self) -> Result<(), String> {
        let work = Duration::try_from_secs_f64(self.minutes * 60.0);
        let plan = Plan {
            clients: self.clients,
            rounds: self.rounds,
            work: work.map_err(|error| format!("--minutes: {error}"))?,
            seed: self.seed,
        };
        self.soak(&plan)
    }

    fn soak(&self, plan: &Plan) -> Result<(), String> {
        let wrong = |error: io::Error| error.to_string();
        fs::create_dir(&self.data).map_err(wrong)?;
        let below = fs::canonicalize(&self.data).map_err(wrong)?;
        let data = below.join("data");
        let mut soak = Soak::start(&self.program(&below), &data, plan).map_err(wrong)?;
        if !self.json {
            say(&heading());
        }
        soak.run(plan, &|what, seconds, answered, figures: &Figures| {
            say(&match self.json {
                true => figures.json(what, seconds, answered),
                false => figures.line(what, seconds, answered),
            });
        })
    }

    fn program(&self, below: &Path) -> Program {
        Program {
            path: self.registry.clone(),
            arguments: Vec::new(),
            environment: Vec::new(),
            log: below.join("registry.log"),
        }
    }
}

fn say(line: &str) {
    // Where nobody reads there is nothing to do about it.
    let _ = writeln!(io::stdout().lock(), "{line}");
}
