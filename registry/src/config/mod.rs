//! What the operator sets, in a file, in the environment and on the command line.
//!
//! Each key is declared once, in [`sections`]: name, type, default, documentation. Everything else comes from
//! the declaration: what a file may contain, the names of environment variables, flags and their help,
//! `registry config show` and the reference in `docs/configuration.md`. Deriving all that from serde
//! types was the alternative; it ends at the first wrong value, knows no origin of a value, and needs a second
//! description of the same keys for the environment, flags and the reference.
//!
//! What was written ([`Written`], each value with its origin) and what it comes to ([`Config`], typed and
//! complete) are two types. A flag wins over the environment, that over the file, that over the default. All that
//! is wrong is told at once.
//!
//! To add a key, add it to its section. To add a section, add a file to `sections` and a line to [`Config`].

mod choice;
mod combinations;
mod declaration;
mod environment;
mod file;
mod flags;
mod nearest;
mod origin;
mod quantity;
mod raw;
mod reference;
mod resolved;
mod sections;
mod setting;
mod show;
#[cfg(test)]
mod tests;
mod written;

pub(crate) use flags::Flags;
pub(crate) use quantity::Bytes;
pub(crate) use reference::reference;
pub(crate) use sections::*;
pub(crate) use setting::Setting;
pub(crate) use show::show;
pub(crate) use written::Written;

use std::{ffi::OsString, iter, path::Path};

use declaration::{Declared, Key, Section};

use crate::failure::Failure;

/// Declares the sections of the configuration, in the order of the reference.
macro_rules! config {
    ($($field:ident: $section:ty,)*) => {
        /// All settings, complete.
        #[derive(Clone, Debug)]
        pub(crate) struct Config {
            $(pub(crate) $field: $section,)*
        }

        /// All sections, declared.
        const SECTIONS: &[Declared] = &[$(<$section as Section>::DECLARED),*];

        impl Config {
            /// What was written comes to this.
            fn resolve(written: &Written) -> Self {
                Self { $($field: <$section as Section>::resolve(written),)* }
            }

            /// The values of each section as TOML, in the order of declaration.
            fn values(&self) -> Vec<Vec<Option<String>>> {
                vec![$(self.$field.values()),*]
            }

            /// The keys whose values differ.
            pub(crate) fn changes(&self, other: &Self) -> Vec<&'static Key> {
                let mut changes = Vec::new();
                $(changes.extend(self.$field.changes(&other.$field));)*
                changes
            }
        }
    };
}

config! {
    server: Server,
    tls: Tls,
    storage: Storage,
    database: Database,
    objects: Objects,
    redirects: Redirects,
    cache: Cache,
    auth: Auth,
    push: Push,
    uploads: Uploads,
    collection: Collection,
    scrub: Scrub,
    limits: Limits,
    operations: Operations,
    log: Log,
    access_log: AccessLog,
    traces: Traces,
}

impl Config {
    /// What the operator set, or everything that is wrong with it.
    pub(crate) fn load(flags: &Flags) -> Result<(Self, Written), Failure> {
        Self::from_parts(flags, std::env::vars_os()).map_err(Failure::several)
    }

    /// What a file alone says, of a registry that is another than this process's.
    pub(crate) fn of_file(path: &Path) -> Result<Self, Failure> {
        let flags = Flags::default().reading(Some(path.to_owned()));
        let loaded = Self::from_parts(&flags, iter::empty());
        loaded.map(|(config, _)| config).map_err(Failure::several)
    }

    /// The same of a given environment.
    pub(crate) fn from_parts(
        flags: &Flags,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<(Self, Written), Vec<String>> {
        let mut written = Written::default();
        let environment = environment::Environment::of(environment);
        if let Some(path) = flags.file().or_else(|| environment.file()) {
            file::read(&path, &mut written);
        }
        environment.write_to(&mut written);
        flags.write_to(&mut written);
        let config = Self::resolve(&written);
        combinations::check(&config, &mut written);
        match written.take_problems() {
            problems if problems.is_empty() => Ok((config, written)),
            problems => Err(problems),
        }
    }
}

/// All keys, each with its section's name in [`Key::section`].
fn keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}
