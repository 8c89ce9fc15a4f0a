//! What holds of every backend of this crate.

mod contract;
mod disk;
mod hazards;
mod stamps;
mod waiting;
