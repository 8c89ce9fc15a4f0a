//! What `registry import` and `registry export` have in common.

use std::{
    env,
    fs::File,
    io::{self, Read},
    num::NonZeroU8,
    path::{Path, PathBuf},
};

use clap::Args;
use registry_transfer::{Glob, Location, Selection};

use crate::{
    failure::Failure,
    job::{Account, Certificates, Moving, Password, Pem},
};

/// No password is longer.
const MAX_PASSWORD: u64 = 64 << 10;

/// No file of authorities is longer.
const MAX_PEM: u64 = 512 << 10;

/// Which images are moved, and how.
#[derive(Debug, Args)]
pub(super) struct Choice {
    /// Only repositories that match; may be said several times. `*` stands for anything but `/`, `**`
    /// for anything, `?` for one character.
    #[arg(long, value_name = "GLOB")]
    repository: Vec<Glob>,

    /// Only tags that match; may be said several times.
    #[arg(long, value_name = "GLOB")]
    tag: Vec<Glob>,

    /// How many blobs and manifests are moved at once.
    #[arg(long, value_name = "N", default_value = "4")]
    jobs: NonZeroU8,

    /// Who signs in at the other registry; the password is read from standard input.
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    username: Option<String>,

    /// Read the password from standard input, to its first line end.
    #[arg(long, requires = "username")]
    password_stdin: bool,

    /// Trust the authorities of this PEM file as well, for a registry behind https with a certificate of
    /// one's own.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Take any certificate of a registry behind https: whoever is in between can then read and change
    /// what is moved, and read the password.
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
}

impl Choice {
    fn certificates(&self, location: &Location) -> Result<Certificates, Failure> {
        let certificates = match &self.ca {
            Some(path) => Certificates::Also(pem(path)?),
            None if self.insecure => Certificates::Any,
            None => return Ok(Certificates::Usual),
        };
        match location {
            Location::Registry(address) if address.starts_with("https:") => Ok(certificates),
            _ => Err(Failure::new(format!(
                "{location} shows no certificate: --ca and --insecure are for registries behind https"
            ))),
        }
    }

    /// What is asked for, of a place seen from where the command runs.
    pub(super) fn moving(self, location: Location) -> Result<Moving, Failure> {
        let directory = env::current_dir()
            .map_err(|error| Failure::new(format!("the current directory: {error}")))?;
        let certificates = self.certificates(&location)?;
        let account = match self.username {
            Some(_) if !matches!(location, Location::Registry(_)) => {
                return Err(Failure::new(format!("nobody signs in at {location}")));
            }
            Some(name) => Some(Account {
                name,
                password: password()?,
            }),
            None => None,
        };
        Ok(Moving {
            location: location.below(&directory),
            selection: Selection {
                repositories: self.repository,
                tags: self.tag,
            },
            jobs: self.jobs,
            account,
            certificates,
        })
    }
}

fn pem(path: &Path) -> Result<Pem, Failure> {
    let unread = |error| Failure::new(format!("{} cannot be read: {error}", path.display()));
    let file = File::open(path).map_err(unread)?;
    let mut text = String::new();
    let read = file.take(MAX_PEM).read_to_string(&mut text);
    read.map_err(unread)?;
    Ok(Pem(text))
}

fn password() -> Result<Password, Failure> {
    let mut text = String::new();
    let read = io::stdin().take(MAX_PASSWORD).read_to_string(&mut text);
    read.map_err(|error| Failure::new(format!("the password cannot be read: {error}")))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Password(line.to_owned())),
        _ => Err(Failure::new("standard input has no password")),
    }
}
