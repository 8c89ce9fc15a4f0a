//! Backends of the registry: memory, wrappers for tests, and the contract that every backend passes.

#[cfg(feature = "cache")]
pub mod cache;
#[cfg(feature = "contract")]
pub mod contract;
#[cfg(feature = "directory")]
pub mod directory;
#[cfg(feature = "disk")]
pub mod disk;
#[cfg(feature = "directory")]
mod journal;
pub mod memory;
#[cfg(feature = "migrate")]
pub mod migrate;
#[cfg(feature = "object")]
pub mod object;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod wrap;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod canonical;
#[cfg(any(feature = "disk", feature = "sqlite"))]
mod durability;
mod inline_spawner;
mod leases;
mod manual_clock;
#[cfg(feature = "abort-points")]
pub mod marked;
mod prefixes;
mod system_random;
#[cfg(any(feature = "disk", feature = "object"))]
mod unique;

#[cfg(any(feature = "disk", feature = "sqlite"))]
pub use durability::Durability;
pub use inline_spawner::InlineSpawner;
pub use manual_clock::ManualClock;
pub use system_random::SystemRandom;
