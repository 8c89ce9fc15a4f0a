//! What holds of metadata in SQLite besides the contract.

mod contract;
mod fixture;
