//! Who tells callers apart, and who decides what they may do.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_auth::{AllowAll, Htpasswd, HtpasswdFile, OpenToPull, SignedIn};
use registry_core::{Authenticator, Policy};
use registry_storage::SystemRandom;

use crate::{
    config::{self, Anonymous, Config},
    failure::Failure,
    reload::Reload,
};

/// What clients show when they ask for a password.
const REALM: &str = "registry";

/// The users of a file; none where nobody must sign in.
#[derive(Clone, Debug)]
pub(crate) struct Auth {
    htpasswd: Option<Arc<Htpasswd>>,
    anonymous: Anonymous,
}

impl Auth {
    /// What is configured, with the users that are in the file now.
    pub(crate) fn open(config: &config::Auth) -> Result<Self, Failure> {
        let users = config.htpasswd.as_deref().map(users).transpose()?;
        Ok(Self {
            htpasswd: users.map(|file| Arc::new(Htpasswd::new(REALM, file, &SystemRandom))),
            anonymous: config.anonymous,
        })
    }

    /// Who decides.
    pub(crate) fn policy(&self) -> Arc<dyn Policy> {
        match (&self.htpasswd, self.anonymous) {
            (None, _) => Arc::new(AllowAll),
            (Some(_), Anonymous::None) => Arc::new(SignedIn),
            (Some(_), Anonymous::Pull) => Arc::new(OpenToPull),
        }
    }

    /// Who tells callers apart.
    pub(crate) fn authenticator(&self) -> Option<Arc<dyn Authenticator>> {
        let htpasswd = self.htpasswd.clone()?;
        Some(htpasswd)
    }
}

impl Reload for Auth {
    fn name(&self) -> &'static str {
        "users"
    }

    fn files(&self, config: &Config) -> Vec<PathBuf> {
        config.auth.htpasswd.iter().cloned().collect()
    }

    fn reload(&self, config: &Config) -> Result<(), Failure> {
        match (&self.htpasswd, &config.auth.htpasswd) {
            (Some(htpasswd), Some(path)) => htpasswd.replace(users(path)?),
            (None, None) => {}
            _ => {
                let sentence = "whether callers must sign in changes with a restart alone";
                return Err(Failure::new(sentence));
            }
        }
        Ok(())
    }
}

fn users(path: &Path) -> Result<HtpasswdFile, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::new(format!("cannot read the users {}: {error}", path.display()))
    })?;
    HtpasswdFile::parse(&text).map_err(|error| {
        Failure::new(format!(
            "the users {} cannot be used: {error}",
            path.display()
        ))
    })
}
