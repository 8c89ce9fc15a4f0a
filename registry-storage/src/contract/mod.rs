//! The contract of a backend, as tests.

pub mod blob_store;
mod drive;
mod stamp;

pub use drive::run;
