//! The clauses of [`Uploads`](registry_core::backend::Uploads).

mod claims;
mod expiry;
mod sessions;

pub use claims::*;
pub use expiry::*;
pub use sessions::*;
