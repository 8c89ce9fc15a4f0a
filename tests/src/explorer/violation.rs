//! What must hold in every state.

use std::fmt;

use super::{
    id::Id,
    promise::Thing,
    store::{Columns, Database, Key, ObjectState, Row, Rule, Target, is_dead},
    world::World,
};

/// What was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An answer said that this exists; it is gone within the grace and nobody deleted it.
    Lost(Thing),
    /// A client was told that something exists and, within the grace, that it does not.
    Contradicted,
    /// A repository has a blob whose content or object is gone.
    Dangling,
    /// A manifest requires what is gone.
    Incomplete,
    /// A tag points at a manifest that is gone.
    TagLost,
    /// A content names an object that was given up.
    GivenUpNamed,
    /// The collector removed what something kept.
    LiveRemoved,
    /// Transactions wait for each other.
    Deadlock,
    /// Nothing happens any more, the collector has run, and something dead, or a mark, is left.
    Leak,
}

/// Looks at what is committed.
pub(crate) fn check(world: &World) -> Result<(), Violation> {
    for thing in world.promises.things() {
        if !is_there(world, thing) {
            return Err(Violation::Lost(thing));
        }
    }
    let rows = world.database.committed();
    rows.into_iter()
        .try_for_each(|(key, row)| check_row(world, key, row))
}

fn check_row(world: &World, key: Key, row: &Row) -> Result<(), Violation> {
    let database = &world.database;
    let is_there = |target: Target, repository| database.row(target.key(repository)).is_some();
    let (holds, violation) = match (key, &row.columns) {
        (Key::Link(_, digest), _) => (has_content(world, digest), Violation::Dangling),
        (Key::Manifest(repository, _), _) => {
            let mut required = row.references().iter().filter(|refers| refers.required);
            let complete = required.all(|refers| is_there(refers.to, repository));
            (complete, Violation::Incomplete)
        }
        (Key::Tag(repository, _), Columns::Tag(manifest)) => {
            let there = is_there(Target::Manifest(*manifest), repository);
            (there, Violation::TagLost)
        }
        (_, Columns::Content(object)) => {
            let object = database.row(Key::Object(*object));
            (
                !object.is_some_and(Row::is_given_up),
                Violation::GivenUpNamed,
            )
        }
        _ => return Ok(()),
    };
    match holds {
        true => Ok(()),
        false => Err(violation),
    }
}

fn is_there(world: &World, thing: Thing) -> bool {
    let row = world.database.row(thing.target.key(thing.repository));
    row.is_some()
        && match thing.target {
            Target::Blob(digest) => has_content(world, digest),
            Target::Manifest(_) => true,
        }
}

fn has_content(world: &World, digest: Id) -> bool {
    let content = world.database.row(Key::Content(digest));
    let object = content.and_then(Row::object);
    object.is_some_and(|object| world.objects.contains(&object))
}

/// Looks at what a removal chose in its snapshot: nothing kept it then.
pub(crate) fn check_choice(
    database: &Database,
    mut chosen: impl Iterator<Item = Key>,
) -> Result<(), Violation> {
    let rows = database.committed();
    let dead = |key: Key| {
        let row = database.row(key);
        row.is_none_or(|row| is_dead(database.collect_untagged, &rows, Rule::FULL, key, row))
    };
    match chosen.all(dead) {
        true => Ok(()),
        false => Err(Violation::LiveRemoved),
    }
}

/// Looks at a removal before it commits: nothing else that is committed may keep what it removes. A
/// subject is the exception, for it is no reference: a referrer may be removed while its subject
/// arrives, as if it had been removed before.
pub(crate) fn check_removal(database: &Database, client: usize) -> Result<(), Violation> {
    let deleted = database.deleted(client);
    let mut rest = database.committed();
    rest.retain(|(key, _)| !deleted.contains(key));
    let rule = Rule {
        subjects: false,
        ..Rule::FULL
    };
    let dead = |key: &Key| {
        let row = database.row(*key);
        row.is_none_or(|row| is_dead(database.collect_untagged, &rest, rule, *key, row))
    };
    match deleted.iter().all(dead) {
        true => Ok(()),
        false => Err(Violation::LiveRemoved),
    }
}

/// Looks at what is left when nobody does anything any more and the collector has run its rounds.
pub(crate) fn check_rest(world: &World) -> Result<(), Violation> {
    let rows = world.database.committed();
    let untagged = world.database.collect_untagged;
    let left = |(key, row): &(Key, &Row)| {
        row.mark.is_some()
            || row.columns == Columns::Object(ObjectState::Doomed)
            || is_dead(untagged, &rows, Rule::FULL, *key, row)
    };
    let named = rows.iter().filter_map(|(_, row)| row.object()).count();
    match rows.iter().any(left) || named != world.objects.len() {
        true => Err(Violation::Leak),
        false => Ok(()),
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(thing) => write!(f, "{thing} is gone within the grace of an answer"),
            Self::Contradicted => {
                write!(f, "the answer contradicts an earlier one within its grace")
            }
            Self::Dangling => write!(f, "a repository has a blob without content"),
            Self::Incomplete => write!(f, "a manifest requires what is gone"),
            Self::TagLost => write!(f, "a tag points at a manifest that is gone"),
            Self::GivenUpNamed => write!(f, "a content names an object that was given up"),
            Self::LiveRemoved => write!(f, "the collector removes what is kept"),
            Self::Deadlock => write!(f, "transactions wait for each other"),
            Self::Leak => write!(f, "something dead, or a mark, is left for ever"),
        }
    }
}
