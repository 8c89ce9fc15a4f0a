//! The clauses of [`Uploads`](registry_core::backend::Uploads).

mod claims;
mod expiry;
mod sessions;
mod tails;

pub use claims::*;
pub use expiry::*;
pub use sessions::*;
pub use tails::*;
