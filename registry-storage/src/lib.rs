//! Backends of the registry: memory, wrappers for tests, and the contract that every backend passes.

pub mod memory;
pub mod wrap;
