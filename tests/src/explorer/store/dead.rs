//! What a snapshot says about a row together with others.

use crate::explorer::id::Id;

use super::{
    database::Database,
    row::{Columns, Key, Refers, Row, Target},
    statement::{Rule, Scan},
};

/// Rows as a statement sees them.
pub(crate) type View<'a> = [(Key, &'a Row)];

impl Database {
    /// Whether a statement with this scan visits the row.
    pub(super) fn scanned(&self, view: &View<'_>, scan: &Scan, key: Key, row: &Row) -> bool {
        match scan {
            Scan::Keys(keys) => keys.contains(&key),
            Scan::Requiring(repository, target) => requires(*repository, *target, key, row),
            Scan::TagsOf(repository, manifest) => points(*repository, *manifest, key, row),
            Scan::Dead(rule) => is_dead(self.collect_untagged, view, *rule, key, row),
            Scan::Alive(rule) => {
                is_collectable(key) && !is_dead(self.collect_untagged, view, *rule, key, row)
            }
            Scan::Collectable => is_collectable(key),
            Scan::Unlinked(digest) => key == Key::Content(*digest) && !is_linked(view, *digest),
            Scan::Unnamed(objects) => match key {
                Key::Object(object) => {
                    let named = |(_, row): &(Key, &Row)| row.object() == Some(object);
                    objects.contains(&object) && !view.iter().any(named)
                }
                _ => false,
            },
            Scan::Objects => matches!(key, Key::Object(_)),
            Scan::Passes => matches!(key, Key::Pass(_)),
            Scan::PassesFenced => match row.columns {
                Columns::Pass { fence, .. } => fence.is_some_and(|fence| fence <= self.xmin()),
                _ => false,
            },
        }
    }
}

/// Whether nothing in the view keeps the row.
pub(crate) fn is_dead(
    collect_untagged: bool,
    view: &View<'_>,
    rule: Rule,
    key: Key,
    row: &Row,
) -> bool {
    match key {
        Key::Link(repository, digest) => !is_referred(view, repository, Target::Blob(digest)),
        Key::Manifest(repository, digest) => {
            let target = Target::Manifest(digest);
            let tagged = |&(key, row): &(Key, &Row)| points(repository, digest, key, row);
            let kept = !collect_untagged
                || view.iter().any(tagged)
                || (rule.indexes && is_referred(view, repository, target))
                || (rule.subjects && is_about_something(view, repository, row));
            !kept
        }
        Key::Content(digest) => !is_linked(view, digest),
        _ => false,
    }
}

fn is_collectable(key: Key) -> bool {
    matches!(key, Key::Link(..) | Key::Manifest(..) | Key::Content(_))
}

fn is_referred(view: &View<'_>, repository: Id, target: Target) -> bool {
    view.iter().any(|(key, row)| {
        let here = matches!(key, Key::Manifest(place, _) if *place == repository);
        here && row
            .references()
            .iter()
            .any(|reference| reference.to == target)
    })
}

fn is_about_something(view: &View<'_>, repository: Id, row: &Row) -> bool {
    match row.columns {
        Columns::Manifest {
            subject: Some(subject),
            ..
        } => view
            .iter()
            .any(|(key, _)| *key == Key::Manifest(repository, subject)),
        _ => false,
    }
}

fn is_linked(view: &View<'_>, digest: Id) -> bool {
    view.iter()
        .any(|(key, _)| matches!(key, Key::Link(_, linked) if *linked == digest))
}

fn points(repository: Id, to: Id, key: Key, row: &Row) -> bool {
    let here = matches!(key, Key::Tag(place, _) if place == repository);
    here && row.columns == Columns::Tag(to)
}

fn requires(repository: Id, target: Target, key: Key, row: &Row) -> bool {
    let here = matches!(key, Key::Manifest(place, _) if place == repository);
    let wanted = |reference: &Refers| reference.to == target && reference.required;
    here && row.references().iter().any(wanted)
}
