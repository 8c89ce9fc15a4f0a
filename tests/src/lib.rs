//! Tests of the registry that cross crates, and tests with real clients.

pub mod clients;
pub mod crash;
pub mod explorer;
pub mod faults;
pub mod fuzz;
pub mod ports;
pub mod soak;
