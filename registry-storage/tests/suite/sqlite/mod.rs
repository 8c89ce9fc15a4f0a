//! What holds of metadata in SQLite besides the contract.

mod carry;
mod contract;
mod damage;
pub(crate) mod fixture;
mod groups;
mod harness;
mod older;
mod reopening;
mod torn_log;

pub(crate) use harness::Harness;
