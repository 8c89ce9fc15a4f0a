//! Statements and rows as a trace shows them.

use std::fmt::{self, Display, Formatter};

use super::{
    row::{Columns, Key, Row, Target},
    statement::{Action, Condition, Insert, LockMode, OnConflict, Scan, Statement, Waiting},
};

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(repository, digest) => write!(f, "link({repository},{digest})"),
            Self::Manifest(repository, digest) => write!(f, "manifest({repository},{digest})"),
            Self::Tag(repository, tag) => write!(f, "tag({repository},{tag})"),
            Self::Content(digest) => write!(f, "content({digest})"),
            Self::Object(object) => write!(f, "object({object})"),
            Self::Upload(session) => write!(f, "upload({session})"),
            Self::Pass(pass) => write!(f, "pass({pass})"),
            Self::Current => write!(f, "current pass"),
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob(digest) => write!(f, "blob {digest}"),
            Self::Manifest(digest) => write!(f, "manifest {digest}"),
        }
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.columns {
            Columns::Link | Columns::Manifest { .. } => {}
            Columns::Tag(manifest) => write!(f, " -> {manifest}")?,
            Columns::Content(object) => write!(f, " in object {object}")?,
            Columns::Object(state) => write!(f, " {state:?}")?,
            Columns::Upload { epoch, finished } => {
                write!(f, " epoch {epoch}, finished: {finished}")?;
            }
            Columns::Pass { fence, grace } => write!(f, " fence {fence:?}, grace {grace:?}")?,
            Columns::Current(pass) => write!(f, " = {pass}")?,
        }
        match self.mark {
            Some(pass) => write!(f, " condemned by pass {pass}"),
            None => Ok(()),
        }
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Read => write!(f, "SELECT {}", self.scan)?,
            Action::Lock(mode) => write!(f, "SELECT {} FOR {mode}", self.scan)?,
            Action::Set(assignment) => write!(f, "UPDATE {} SET {assignment:?}", self.scan)?,
            Action::Delete => write!(f, "DELETE {}", self.scan)?,
        }
        if self.when != Condition::Always {
            write!(f, " WHERE {:?}", self.when)?;
        }
        match self.waiting {
            Waiting::Skip => write!(f, " SKIP LOCKED"),
            Waiting::Wait => Ok(()),
        }
    }
}

impl Display for Scan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(keys) => list(f, keys),
            Self::Requiring(repository, target) => {
                write!(f, "manifests of {repository} that require {target}")
            }
            Self::TagsOf(repository, manifest) => write!(f, "tags of {repository} at {manifest}"),
            Self::Dead(_) => write!(f, "dead rows"),
            Self::Alive(_) => write!(f, "live rows"),
            Self::Collectable => write!(f, "rows, dead or not,"),
            Self::Unlinked(digest) => write!(f, "content({digest}) if no repository links it"),
            Self::Unnamed(_) => write!(f, "objects that no content names"),
            Self::Objects => write!(f, "objects"),
            Self::Passes => write!(f, "passes"),
            Self::PassesFenced => write!(f, "passes with fence <= xmin"),
        }
    }
}

impl Display for LockMode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyShare => "KEY SHARE",
            Self::NoKeyUpdate => "NO KEY UPDATE",
            Self::Update => "UPDATE",
        })
    }
}

impl Display for Insert {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let row = Row::new(self.columns.clone());
        let in_time = if self.in_time { " IF IN TIME" } else { "" };
        write!(f, "INSERT {}{row}{in_time} ON CONFLICT DO ", self.key)?;
        match &self.conflict {
            OnConflict::Nothing => write!(f, "NOTHING"),
            OnConflict::Set(assignment, when) => {
                write!(f, "UPDATE SET {assignment:?} WHERE {when:?}")
            }
        }
    }
}

/// Rows in a line; `none` where there is none.
pub(crate) fn rows_text(rows: &[(Key, Row)]) -> String {
    if rows.is_empty() {
        return "none".to_owned();
    }
    let texts: Vec<String> = rows
        .iter()
        .map(|(key, row)| format!("{key}{row}"))
        .collect();
    texts.join(", ")
}

fn list(f: &mut Formatter<'_>, keys: &[Key]) -> fmt::Result {
    for (index, key) in keys.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{key}")?;
    }
    Ok(())
}
