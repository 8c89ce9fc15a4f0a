//! The clauses of [`Collection`](registry_core::backend::Collection).
//!
//! That no step waits for a push, or makes one wait, no clause can see: it belongs to the tests of the
//! backend itself.

mod dead;
mod objects;
mod passes;
mod races;
mod steps;

pub use dead::*;
pub use objects::*;
pub use passes::*;
pub use races::*;
pub use steps::*;
