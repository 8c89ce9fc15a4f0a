//! What holds of every backend of this crate.

mod backup;
mod cache;
mod contract;
mod directory;
mod disk;
mod hazards;
mod journal;
mod known;
mod left_behind;
mod migrate;
mod object;
mod pair;
mod sqlite;
mod stamps;
mod waiting;
