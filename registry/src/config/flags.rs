//! Flags: the common keys on the command line.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, builder::PathBufValueParser};

use super::{
    declaration::{Flag, Key, Takes},
    keys,
    origin::Origin,
    raw::Raw,
    written::Written,
};

/// What the command line sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    file: Option<PathBuf>,
    values: Vec<(&'static Key, &'static Flag, Raw)>,
}

impl Flags {
    /// The configuration file that was named.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.file.clone()
    }

    /// The same, reading another file.
    #[must_use]
    pub(crate) fn reading(self, file: Option<PathBuf>) -> Self {
        Self {
            file: file.or(self.file),
            ..self
        }
    }

    /// Notes what they set.
    pub(super) fn write_to(&self, written: &mut Written) {
        for (key, flag, raw) in &self.values {
            written.note(key, raw.clone(), Origin::Flag(flag.long));
        }
    }
}

impl clap::Args for Flags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(PathBufValueParser::new())
            .help("The configuration file [REGISTRY_CONFIG]");
        let all = flags().map(|(key, flag)| argument(key, flag));
        command.arg(file).args(all)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let file = matches.get_one::<PathBuf>("config").cloned();
        let value = |(key, flag): (&'static Key, &'static Flag)| {
            Some((key, flag, value(key, flag, matches)?))
        };
        let values = flags().filter_map(value).collect();
        Ok(Self { file, values })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn flags() -> impl Iterator<Item = (&'static Key, &'static Flag)> {
    keys().flat_map(|key| key.flags.iter().map(move |flag| (key, flag)))
}

fn argument(key: &'static Key, flag: &'static Flag) -> Arg {
    let argument = Arg::new(flag.long).long(flag.long);
    match &flag.takes {
        Takes::Nothing { about, .. } => {
            let about = about.map_or_else(|| key.text(), str::to_owned);
            argument.action(ArgAction::SetTrue).help(about)
        }
        Takes::Value(name) => {
            let default = (key.default)().map(|default| format!("; default: {default}"));
            let default = default.unwrap_or_default();
            let action = match key.list {
                true => ArgAction::Append,
                false => ArgAction::Set,
            };
            argument
                .value_name(name)
                .action(action)
                .value_parser(move |text: &str| {
                    let raw = Raw::Word(text.to_owned());
                    (key.check)(&raw).map(|()| raw)
                })
                .help(format!("{} [{}{default}]", key.text(), key.variable()))
        }
    }
}

fn value(key: &Key, flag: &Flag, matches: &ArgMatches) -> Option<Raw> {
    if let Takes::Nothing { means, .. } = flag.takes {
        return matches
            .get_flag(flag.long)
            .then(|| Raw::Word(means.to_owned()));
    }
    let mut given = matches.get_many::<Raw>(flag.long)?.cloned();
    match key.list {
        true => Some(Raw::List(
            given.filter_map(|raw| raw.items()).flatten().collect(),
        )),
        false => given.next(),
    }
}
