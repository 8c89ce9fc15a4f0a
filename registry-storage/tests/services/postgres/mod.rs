//! Metadata in PostgreSQL, in a server of the tests' own.

mod cluster;
mod collection;
mod contract;
mod database;
mod harness;
mod invariants;
mod older;
mod place;
mod pulls;
mod scans;
