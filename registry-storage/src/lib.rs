//! Backends of the registry: memory, wrappers for tests, and the contract that every backend passes.

#[cfg(feature = "contract")]
pub mod contract;
#[cfg(feature = "disk")]
pub mod disk;
pub mod memory;
pub mod wrap;

#[cfg(feature = "disk")]
mod durability;
mod inline_spawner;
mod manual_clock;
mod system_random;

#[cfg(feature = "disk")]
pub use durability::Durability;
pub use inline_spawner::InlineSpawner;
pub use manual_clock::ManualClock;
pub use system_random::SystemRandom;
