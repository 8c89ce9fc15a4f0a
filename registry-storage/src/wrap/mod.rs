//! Wrappers over any backend: faults by plan, refusing writes, counting calls.
//!
//! They differ only in what they do [around](Around) a call, so each trait's methods are listed once
//! and every wrapper is one small implementation. A hand-written wrapper for each purpose was the
//! alternative: fifty methods each, in which one that is forgotten shows only when it matters.

#![deny(clippy::missing_trait_methods)]

mod around;
mod blobs;
mod counting;
mod fault;
mod metadata;
mod operation;
mod read_only;

pub use around::{Around, BackendError, Failure};
pub use blobs::WrappedBlobs;
pub use counting::{CountingBlobs, CountingMetadata, Counts};
pub use fault::{Fault, Faults, FaultyBlobs, FaultyMetadata, Wait, When};
pub use metadata::WrappedMetadata;
pub use operation::Operation;
pub use read_only::{ReadOnly, ReadOnlyBlobs, ReadOnlyMetadata};
