//! `registry config`: what is set, whether it can be, and what could be.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use crate::{
    auth::Auth,
    config::{self, Flags},
    failure::Failure,
    traces::Traces,
};

/// Checks, shows and explains the configuration.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Config {
    /// Says what is wrong with the configuration, without starting anything. The exit code is 0 if it can
    /// be used, and 2 otherwise.
    Check {
        /// The configuration file, instead of that of --config.
        path: Option<PathBuf>,
        #[command(flatten)]
        flags: Flags,
    },
    /// Prints what everything comes to, as TOML, with the origin of each value. Secrets are hidden.
    Show {
        #[command(flatten)]
        flags: Flags,
    },
    /// Prints every setting there is, in Markdown.
    Reference,
}

impl Config {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Check { path, flags } => {
                let (config, _) = config::Config::load(&flags.reading(path))?;
                Auth::open(&config.auth)?;
                Traces::open(&config.traces)?;
                print("the configuration can be used\n")
            }
            Self::Show { flags } => {
                let (config, written) = config::Config::load(&flags)?;
                print(&config::show(&config, &written))
            }
            Self::Reference => print(&config::reference()),
        }
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let said = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    said.map_err(|error| Failure::new(format!("cannot write to standard output: {error}")))
}
