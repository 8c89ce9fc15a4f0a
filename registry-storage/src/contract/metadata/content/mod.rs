//! The clauses of [`Content`](registry_core::backend::Content).

mod by_repository;
mod bytes;
mod deduplication;
mod listing;
mod references;
mod referrers;
mod revival;
mod session_end;
mod tags;

pub use by_repository::*;
pub use bytes::*;
pub use deduplication::*;
pub use listing::*;
pub use references::*;
pub use referrers::*;
pub use revival::*;
pub use session_end::*;
pub use tags::*;
