//! Notes of what changed.

use rusqlite::{Connection, Row};

use crate::sqlite::{
    error::Failure,
    transaction::Transaction,
    value::{Bits, limit},
    view::View,
};

/// Kinds of things, in the order in which they are written down.
pub(super) const NAMESPACE: i64 = 0;
pub(super) const REPOSITORY: i64 = 1;
pub(super) const CONTENT: i64 = 2;
pub(super) const LINK: i64 = 3;
pub(super) const MANIFEST: i64 = 4;
pub(super) const TAG: i64 = 5;

/// What is counted of what waits; more is as bad.
const MOST_COUNTED: usize = 100_000;

/// A thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) kind: i64,
    /// The id of the repository it is in; 0 for what is in none.
    pub(super) repository: i64,
    /// Its name, digest, or tag.
    pub(super) key: String,
    /// How often it changed while it was noted.
    pub(super) times: i64,
}

/// A kind of thing, and how a row of it is named.
struct Kind {
    number: i64,
    table: &'static str,
    repository: &'static str,
    key: &'static str,
    /// The columns that matter.
    columns: &'static str,
}

const KINDS: [Kind; 6] = [
    Kind {
        number: NAMESPACE,
        table: "namespaces",
        repository: "0",
        key: "ROW.name",
        columns: "collect_untagged",
    },
    Kind {
        number: REPOSITORY,
        table: "repositories",
        repository: "ROW.id",
        key: "''",
        columns: "name",
    },
    Kind {
        number: CONTENT,
        table: "contents",
        repository: "0",
        key: "ROW.digest",
        columns: "size, object, inline, quarantined",
    },
    Kind {
        number: LINK,
        table: "links",
        repository: "ROW.repository",
        key: "ROW.digest",
        columns: "digest",
    },
    Kind {
        number: MANIFEST,
        table: "manifests",
        repository: "ROW.repository",
        key: "ROW.digest",
        columns: "media_type, subject, descriptor, bytes",
    },
    Kind {
        number: TAG,
        table: "tags",
        repository: "ROW.repository",
        key: "ROW.tag",
        columns: "manifest",
    },
];

/// Has a connection note what it changes, for as long as it is open.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    for kind in &KINDS {
        let events = [
            ("added", "INSERT", "NEW"),
            ("changed", "UPDATE OF columns", "NEW"),
            ("removed", "DELETE", "OLD"),
        ];
        for (name, event, row) in events {
            connection.execute_batch(&kind.trigger(name, event, row))?;
        }
    }
    Ok(())
}

impl Kind {
    fn trigger(&self, name: &str, event: &str, row: &str) -> String {
        let Self { number, table, .. } = self;
        let event = event.replace("columns", self.columns);
        let [repository, key] = [self.repository, self.key].map(|text| text.replace("ROW", row));
        format!(
            "CREATE TEMP TRIGGER journal_{table}_{name} AFTER {event} ON main.{table} BEGIN
                INSERT INTO journal (kind, repository, key, times)
                VALUES ({number}, {repository}, {key}, 0)
                ON CONFLICT (kind, repository, key) DO UPDATE SET times = times + 1;
            END;"
        )
    }
}

impl View<'_> {
    /// The first notes, in the order in which they are to be written down.
    pub(super) fn notes(&self, most: usize) -> Result<Vec<Note>, Failure> {
        let sql = "SELECT kind, repository, key, times FROM journal
            ORDER BY kind, repository, key LIMIT ?1";
        self.all(sql, [limit(most)], Note::read)
    }

    /// How many notes there are, up to a bound.
    pub(super) fn noted(&self) -> Result<u64, Failure> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM journal LIMIT ?1)";
        let count = self.one(sql, [limit(MOST_COUNTED)], |row| row.get(0))?;
        Ok(count.map_or(0, |Bits(count)| count))
    }
}

impl Note {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            kind: row.get(0)?,
            repository: row.get(1)?,
            key: row.get(2)?,
            times: row.get(3)?,
        })
    }
}

impl Transaction<'_> {
    /// Takes notes away that were written down, unless they came again meanwhile.
    pub(super) fn forget_notes(&self, notes: &[Note]) -> Result<(), Failure> {
        let sql = "DELETE FROM journal
            WHERE kind = ?1 AND repository = ?2 AND key = ?3 AND times = ?4";
        for note in notes {
            self.run(sql, (note.kind, note.repository, &note.key, note.times))?;
        }
        Ok(())
    }
}
