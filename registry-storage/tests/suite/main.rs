//! What holds of every backend of this crate.

mod backup;
mod contract;
mod directory;
mod disk;
mod hazards;
mod journal;
mod migrate;
mod object;
mod pair;
mod sqlite;
mod stamps;
mod waiting;
