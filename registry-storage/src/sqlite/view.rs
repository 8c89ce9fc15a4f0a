//! What statements are run through.

use registry_core::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::{error::Failure, seen::Seen};

/// A connection at one moment, to read from.
pub(super) struct View<'c> {
    connection: &'c Connection,
    pub(super) now: Timestamp,
    /// What was seen before, where it cannot have changed.
    pub(super) seen: Option<&'c Seen>,
}

impl<'c> View<'c> {
    pub(super) fn new(connection: &'c Connection, now: Timestamp) -> Self {
        Self {
            connection,
            now,
            seen: None,
        }
    }

    /// The same, for as long as it is all that is looked at.
    pub(super) fn remembering(mut self, seen: &'c Seen) -> Self {
        self.seen = Some(seen);
        self
    }

    /// The first row of an answer.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Failure> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(params, read).optional()?)
    }

    /// All rows of an answer.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Failure> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether there is a row.
    pub(super) fn any(&self, sql: &str, params: impl Params) -> Result<bool, Failure> {
        Ok(self.connection.prepare_cached(sql)?.exists(params)?)
    }
}
