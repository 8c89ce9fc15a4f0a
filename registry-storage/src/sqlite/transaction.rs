//! What a command writes through.

use std::ops::Deref;

use registry_core::Timestamp;
use rusqlite::{Connection, Params};

use super::{
    error::Failure,
    value::{Bits, Millis},
    view::View,
};

/// A command's part of a transaction.
pub(super) struct Transaction<'c> {
    view: View<'c>,
    connection: &'c Connection,
    counters: &'c mut Counters,
}

/// Numbers that are given once. Kept in the one row of `registry`, which a transaction writes once
/// however many commands it has. A number whose command failed is not given again.
#[derive(Default)]
pub(super) struct Counters {
    version: u64,
    change: u64,
}

impl<'c> Transaction<'c> {
    pub(super) fn new(
        connection: &'c Connection,
        now: Timestamp,
        counters: &'c mut Counters,
    ) -> Self {
        Self {
            view: View::new(connection, now),
            connection,
            counters,
        }
    }

    /// Runs a statement and answers how many rows it changed.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<usize, Failure> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// Inserts a row and answers its id.
    pub(super) fn insert(&self, sql: &str, params: impl Params) -> Result<i64, Failure> {
        Ok(self.connection.prepare_cached(sql)?.insert(params)?)
    }

    /// Runs a statement that answers one number.
    pub(super) fn returned(&self, sql: &str, params: impl Params) -> Result<i64, Failure> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(params, |row| row.get(0))?)
    }

    /// A version no place had before. Whatever changes a place takes one: readers keep the places that
    /// they have read until one is taken.
    pub(super) fn next_version(&mut self) -> Bits {
        self.counters.version += 1;
        Bits(self.counters.version)
    }

    /// The id of a change that comes after all others.
    pub(super) fn next_change(&mut self) -> Bits {
        self.counters.change += 1;
        Bits(self.counters.change)
    }
}

impl<'c> Deref for Transaction<'c> {
    type Target = View<'c>;

    fn deref(&self) -> &View<'c> {
        &self.view
    }
}

impl Counters {
    /// The version that was given last.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The counters as committed, and the greatest time.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<(Self, Timestamp)> {
        let sql = "SELECT version, change, now FROM registry";
        connection.query_row(sql, [], |row| {
            let counters = Self {
                version: row.get::<_, Bits>(0)?.0,
                change: row.get::<_, Bits>(1)?.0,
            };
            Ok((counters, row.get::<_, Millis>(2)?.0))
        })
    }

    pub(super) fn save(&self, connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
        let sql = "UPDATE registry SET version = ?1, change = ?2, now = ?3";
        let params = (Bits(self.version), Bits(self.change), Millis(now));
        connection.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }
}
