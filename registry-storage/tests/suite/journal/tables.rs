//! What two databases have in common, whatever numbers they give.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, types::Value};

/// Everything a journal tells of, in order.
const QUERIES: [&str; 7] = [
    "SELECT name, collect_untagged, created FROM namespaces ORDER BY 1",
    "SELECT name, namespace, bare, created FROM repositories ORDER BY 1",
    "SELECT digest, size, object, inline FROM contents WHERE quarantined = 0 ORDER BY 1",
    "SELECT r.name, l.digest, l.bare, l.holder FROM links l
        JOIN repositories r ON r.id = l.repository ORDER BY 1, 2",
    "SELECT r.name, m.digest, m.media_type, m.subject, m.artifact_type, m.created, m.descriptor, m.bytes
        FROM manifests m JOIN repositories r ON r.id = m.repository ORDER BY 1, 2",
    "SELECT r.name, m.digest, x.target, x.digest, x.required FROM manifest_references x
        JOIN manifests m ON m.id = x.manifest JOIN repositories r ON r.id = x.repository
        ORDER BY 1, 2, 3, 4",
    "SELECT r.name, t.tag, m.digest FROM tags t JOIN manifests m ON m.id = t.manifest
        JOIN repositories r ON r.id = t.repository ORDER BY 1, 2",
];

pub(crate) type Rows = Vec<Vec<Value>>;

pub(crate) fn database(directory: &Path) -> Connection {
    let path = directory.join("metadata.sqlite");
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// What a database that nobody has open says.
pub(crate) fn told(directory: &Path) -> Vec<Rows> {
    let database = database(directory);
    let unsound: i64 = database
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", (), |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(unsound, 0, "rows that lead nowhere");
    QUERIES.iter().map(|sql| rows(&database, sql)).collect()
}

pub(crate) fn rows(database: &Connection, sql: &str) -> Rows {
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map((), |row| (0..columns).map(|at| row.get(at)).collect());
    rows.unwrap().map(Result::unwrap).collect()
}
