//! Metadata in PostgreSQL, in a server of the tests' own.

mod carry;
mod cluster;
mod collection;
mod conflicts;
mod connections;
mod contract;
mod counted;
mod database;
mod figures;
mod gone;
mod harness;
mod invariants;
mod listings;
mod moving;
mod older;
mod place;
mod pulls;
mod queries;
mod scans;
mod standby;
mod tails;

pub(crate) use harness::Harness;
