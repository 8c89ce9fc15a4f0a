//! What the operator wrote, and what is wrong with it.

use std::{collections::BTreeMap, fmt, io, path::Path};

use super::{declaration::Key, origin::Origin, raw::Raw, setting::Setting};

/// What was written: for each key the value that wins, and where it stands.
#[derive(Debug, Default)]
pub(crate) struct Written {
    values: BTreeMap<(&'static str, &'static str), (Raw, Origin)>,
    problems: Vec<String>,
}

impl Written {
    /// Notes a value. It wins over what was noted before; one that cannot be used is a problem even where
    /// another one wins over it.
    pub(super) fn note(&mut self, key: &'static Key, raw: Raw, origin: Origin) {
        if let Err(must) = (key.check)(&raw) {
            let shown = match key.secret {
                true => String::new(),
                false => format!(" = {raw}"),
            };
            self.problem(&origin, format!("{}{shown}: {must}", key.full_name()));
        }
        self.values.insert((key.section, key.name), (raw, origin));
    }

    /// Notes something wrong.
    pub(super) fn problem(&mut self, origin: &Origin, what: impl fmt::Display) {
        self.problems.push(format!("{origin}: {what}"));
    }

    /// Notes that a file cannot be read.
    pub(super) fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let what = format!("cannot read the configuration {}: {error}", path.display());
        self.problems.push(what);
    }

    /// Everything wrong so far.
    pub(super) fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// The value of a key, if one was written that can be used.
    pub(super) fn value<T: Setting>(&self, section: &'static str, name: &'static str) -> Option<T> {
        let (raw, _) = self.values.get(&(section, name))?;
        T::read(raw).ok()
    }

    /// Where the value of a key comes from.
    pub(crate) fn origin(&self, section: &'static str, name: &'static str) -> &Origin {
        let found = self.values.get(&(section, name));
        found.map_or(&Origin::Default, |(_, origin)| origin)
    }
}
