//! Has things go wrong between servers and what they share, and compares what is there with what was acknowledged;
//! see `registry_tests::faults`.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use registry_tests::faults::{
    cluster::Programs,
    run::{Plan, Run},
};

/// Has things go wrong between servers and what they share, and compares what is there with what was acknowledged.
#[derive(Debug, Parser)]
struct Arguments {
    /// The registry's binary
    #[arg(long, value_name = "PATH", default_value = "target/debug/registry")]
    registry: PathBuf,
    /// MinIO's binary
    #[arg(long, value_name = "PATH", default_value = "tests/clients/.bin/minio")]
    minio: PathBuf,
    /// A directory for the store and the logs; it must not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How long things go wrong
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// Clients at once, beside those that count
    #[arg(long, default_value_t = 16)]
    clients: u64,
    /// Decides everything that is left to chance, but for what threads and time decide
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    say(&format!("seed {}", arguments.seed));
    match arguments.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            let (seed, data) = (arguments.seed, arguments.data.display());
            say(&format!("WRONG: {wrong}"));
            say(&format!("seed {seed}; the logs are left in {data}"));
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn run(&self) -> Result<(), String> {
        let wrong = |error: io::Error| error.to_string();
        let time = Duration::try_from_secs_f64(self.minutes * 60.0);
        let plan = Plan {
            seed: self.seed,
            time: time.map_err(|error| format!("--minutes: {error}"))?,
            clients: self.clients,
        };
        let programs = Programs {
            registry: fs::canonicalize(&self.registry).map_err(wrong)?,
            minio: fs::canonicalize(&self.minio).map_err(wrong)?,
        };
        fs::create_dir(&self.data).map_err(wrong)?;
        let data = fs::canonicalize(&self.data).map_err(wrong)?;
        let mut run = Run::start(&plan, &programs, &data).map_err(wrong)?;
        let ended = run.go(&plan, &say);
        say(&run.told());
        ended
    }
}

fn say(line: &str) {
    // Where nobody reads there is nothing to do about it.
    let _ = writeln!(io::stdout().lock(), "{line}");
}
