//! The file.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    SECTIONS,
    declaration::Declared,
    nearest::{nearest_key, nearest_section},
    origin::Origin,
    raw::Raw,
    written::Written,
};

/// Notes what a file sets.
pub(super) fn read(path: &Path, written: &mut Written) {
    let path = Arc::new(path.to_owned());
    match fs::read_to_string(&*path) {
        Ok(text) => File { path, text: &text }.read(written),
        Err(error) => written.unreadable(&path, &error),
    }
}

struct File<'a> {
    path: Arc<PathBuf>,
    text: &'a str,
}

impl File<'_> {
    fn read(&self, written: &mut Written) {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = self.at(error.span().unwrap_or_default());
            written.problem(&at, error.message().replace('\n', ", "));
        }
        for (name, value) in document.get_ref() {
            let declared = SECTIONS
                .iter()
                .find(|section| section.name == name.get_ref().as_ref());
            match (declared, value.get_ref()) {
                (Some(section), DeValue::Table(table)) => self.section(section, table, written),
                (Some(section), _) => {
                    let what = format!("{0} must be a section: write [{0}]", section.name);
                    written.problem(&self.at(name.span()), what);
                }
                (None, DeValue::Table(_)) => {
                    let nearest = nearest_section(name.get_ref());
                    let what = format!("there is no section [{}]{nearest}", name.get_ref());
                    written.problem(&self.at(name.span()), what);
                }
                (None, _) => self.unknown(name, name.get_ref(), written),
            }
        }
    }

    fn section(&self, section: &Declared, table: &DeTable<'_>, written: &mut Written) {
        for (name, value) in table {
            let known = section
                .keys
                .iter()
                .find(|key| key.name == name.get_ref().as_ref());
            match known {
                Some(key) => {
                    written.note(key, Raw::of(value.get_ref()), self.at(value.span()));
                }
                None => self.unknown(
                    name,
                    &format!("{}.{}", section.name, name.get_ref()),
                    written,
                ),
            }
        }
    }

    fn unknown<T>(&self, at: &Spanned<T>, full_name: &str, written: &mut Written) {
        let nearest = nearest_key(full_name);
        let what = format!("there is no key {full_name}{nearest}");
        written.problem(&self.at(at.span()), what);
    }

    /// Line and column of a place.
    fn at(&self, span: Range<usize>) -> Origin {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Origin::File {
            path: Arc::clone(&self.path),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}
