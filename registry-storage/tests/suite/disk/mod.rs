//! The store in a directory.

mod contract;
mod harness;
mod layout;
mod leftovers;
mod probe;
mod store;
mod trouble;

pub(crate) use harness::Harness;
use store::{open, pull, push, try_open};
