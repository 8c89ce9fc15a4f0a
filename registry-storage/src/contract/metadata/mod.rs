//! The clauses of [`Metadata`](registry_core::backend::Metadata) and its parts.
//!
//! Those of every method are named `m` and the number; those of a part by the part and the number.
//! Guarantee 4, what an error leaves, has none: a clause cannot make a backend fail. What a backend
//! keeps through a crash belongs to its own tests.

mod catalogue;
mod changes;
mod collection;
mod content;
mod dropped;
mod facts;
pub(crate) mod fixture;
mod harness;
mod inspection;
mod leases;
mod pulls;
mod refused;
mod repositories;
mod uploads;

pub use catalogue::*;
pub use changes::*;
pub use collection::*;
pub use content::*;
pub use dropped::*;
pub use facts::*;
pub use harness::{LocalMetadata, MetadataHarness};
pub use inspection::*;
pub use leases::*;
pub use pulls::*;
pub use refused::*;
pub use repositories::*;
pub use uploads::*;
