//! The clauses of [`BlobStore`](registry_core::backend::BlobStore).
//!
//! A clause is named by the number of the guarantee that it holds a store to. What a store keeps
//! through a crash, and how much memory it holds, no clause can see: those belong to the tests of the
//! store itself.

mod announced;
mod dropped;
mod entered;
pub(crate) mod fixture;
mod gone;
mod harness;
mod listing;
mod reading;
mod resume;
mod visible;

pub use announced::*;
pub use dropped::*;
pub use entered::*;
pub use gone::*;
pub use harness::BlobStoreHarness;
pub use listing::*;
pub use reading::*;
pub use resume::*;
pub use visible::*;
