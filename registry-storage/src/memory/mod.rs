//! Everything in memory: for tests, for embedding, and as the model the other backends are held to.
//!
//! There are two stores of blobs. [`MemoryBlobs`] is the fast and lenient one; [`MemoryParts`] has the
//! habits of an object store, so that what is written for those is tested without one.

mod blobs;
mod metadata;
mod objects;
mod parts;
mod registry;
mod segments;

pub use blobs::MemoryBlobs;
pub use metadata::MemoryMetadata;
pub use parts::MemoryParts;
pub use registry::{builder, registry};
