//! Backends of the registry: memory, wrappers for tests, and the contract that every backend passes.

#[cfg(feature = "contract")]
pub mod contract;
pub mod memory;
pub mod wrap;

mod inline_spawner;
mod manual_clock;
mod system_random;

pub use inline_spawner::InlineSpawner;
pub use manual_clock::ManualClock;
pub use system_random::SystemRandom;
