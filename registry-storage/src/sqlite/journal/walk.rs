//! A walk through everything that is to be written down.

use super::note::{CONTENT, LINK, MANIFEST, NAMESPACE, Note, REPOSITORY, TAG};
use crate::sqlite::{error::Failure, value::limit, view::View};

/// How far a walk has come: behind this thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Position {
    kind: i64,
    repository: i64,
    key: String,
}

impl Position {
    pub(super) fn is_end(&self) -> bool {
        self.kind > TAG
    }

    /// Goes on behind what a page had, or to the next kind of thing where that was all.
    pub(super) fn pass(&mut self, page: &[Note], is_all: bool) {
        match page.last() {
            Some(last) if !is_all => {
                (self.repository, self.key) = (last.repository, last.key.clone());
            }
            _ => {
                *self = Self {
                    kind: self.kind + 1,
                    ..Self::default()
                };
            }
        }
    }
}

impl View<'_> {
    /// The next things of a walk, all of one kind.
    pub(super) fn things(&self, from: &Position, most: usize) -> Result<Vec<Note>, Failure> {
        let sql = match from.kind {
            NAMESPACE => {
                "SELECT 0, name FROM namespaces WHERE name > ?2 AND ?1 = 0
                ORDER BY name LIMIT ?3"
            }
            REPOSITORY => {
                "SELECT id, '' FROM repositories WHERE id > ?1 AND ?2 = ''
                ORDER BY id LIMIT ?3"
            }
            CONTENT => {
                "SELECT 0, digest FROM contents WHERE digest > ?2 AND ?1 = 0
                ORDER BY digest LIMIT ?3"
            }
            LINK => {
                "SELECT repository, digest FROM links
                WHERE (repository, digest) > (?1, ?2) ORDER BY repository, digest LIMIT ?3"
            }
            MANIFEST => {
                "SELECT repository, digest FROM manifests
                WHERE (repository, digest) > (?1, ?2) ORDER BY repository, digest LIMIT ?3"
            }
            _ => {
                "SELECT repository, tag FROM tags
                WHERE (repository, tag) > (?1, ?2) ORDER BY repository, tag LIMIT ?3"
            }
        };
        let params = (from.repository, &from.key, limit(most));
        self.all(sql, params, |row| {
            Ok(Note {
                kind: from.kind,
                repository: row.get(0)?,
                key: row.get(1)?,
                times: 0,
            })
        })
    }
}
