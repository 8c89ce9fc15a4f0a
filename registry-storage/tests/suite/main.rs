//! What holds of every backend of this crate.

mod contract;
mod stamps;
mod waiting;
