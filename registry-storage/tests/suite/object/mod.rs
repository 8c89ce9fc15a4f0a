//! The store over an object store, in memory.

mod bucket;
mod contract;
mod flow;
mod hedging;
mod named;
mod operations;
mod plain;
mod reading;
mod requests;
mod store;
mod trouble;

pub(crate) use bucket::{Bucket, Fault};
pub(crate) use plain::Plain;
pub(crate) use store::{Harness, PART_SIZE, bytes, open, pull, push, written};
