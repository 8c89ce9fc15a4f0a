//! What a server has at a moment.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, Row};
use serde_json::json;

use crate::crash::leaks;

/// What a server has. Looked at from outside: a server's own figures would be right about themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes of memory that are no file's.
    pub memory: u64,
    /// Open handles.
    pub handles: u64,
    /// Threads.
    pub threads: u64,
    /// Files of content, finished or not.
    pub files: u64,
    /// Bytes of the database that are in use.
    pub database: u64,
    /// Bytes of the file of its log.
    pub log: u64,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
}

impl Figures {
    /// Those of a process over a data directory.
    ///
    /// # Errors
    /// Where the system or the database does not say.
    pub fn take(pid: u32, data: &Path) -> io::Result<Self> {
        let process = PathBuf::from(format!("/proc/{pid}"));
        let status = fs::read_to_string(process.join("status"))?;
        let database = data.join("metadata.sqlite");
        let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let connection = connection.map_err(io::Error::other)?;
        let log = fs::metadata(data.join("metadata.sqlite-wal"));
        Ok(Self {
            memory: field(&status, "RssAnon:")? << 10,
            handles: fs::read_dir(process.join("fd"))?.count() as u64,
            threads: field(&status, "Threads:")?,
            files: leaks::files_in(&data.join("content"))?,
            database: bytes_in_use(&connection).map_err(io::Error::other)?,
            log: log.map_or(0, |log| log.len()),
            rows: rows(&connection).map_err(io::Error::other)?,
        })
    }

    /// Rows of a table.
    #[must_use]
    pub fn rows_of(&self, table: &str) -> u64 {
        self.rows.get(table).copied().unwrap_or_default()
    }

    /// As one line of JSON.
    #[must_use]
    pub fn json(&self, what: &str, seconds: u64, answered: u64) -> String {
        json!({
            "at": seconds,
            "what": what,
            "answered": answered,
            "memory": self.memory,
            "handles": self.handles,
            "threads": self.threads,
            "files": self.files,
            "database": self.database,
            "log": self.log,
            "rows": self.rows,
        })
        .to_string()
    }

    /// As one line of a table.
    #[must_use]
    pub fn line(&self, what: &str, seconds: u64, answered: u64) -> String {
        let mib = |bytes: u64| format!("{}.{}", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20);
        format!(
            "{seconds:>7} {what:<5} {answered:>9} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8} {:>9} {:>9}",
            mib(self.memory),
            self.handles,
            self.threads,
            self.files,
            mib(self.database),
            mib(self.log),
            self.rows_of("uploads"),
            self.rows_of("gone"),
        )
    }
}

/// What stands above the lines of a table.
#[must_use]
pub fn heading() -> String {
    format!(
        "{:>7} {:<5} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8} {:>9} {:>9}",
        "second",
        "",
        "answered",
        "MiB",
        "handles",
        "threads",
        "files",
        "database",
        "log",
        "uploads",
        "gone",
    )
}

/// A number of `/proc/PID/status`.
fn field(status: &str, name: &str) -> io::Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("the system does not say {name}")))
}

fn bytes_in_use(database: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name| database.pragma_query_value(None, name, number);
    Ok((pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?)
}

fn rows(database: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?;
    names
        .map(|name| {
            let name = name?;
            let sql = format!("SELECT count(*) FROM \"{name}\"");
            Ok((name, database.query_row(&sql, [], number)?))
        })
        .collect()
}

fn number(row: &Row<'_>) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default())
}
