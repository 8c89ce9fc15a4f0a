//! The contract of a backend, as tests.
//!
//! The traits of [`registry_core::backend`] number their guarantees. Each number has clauses here: an
//! async function each, which panics where a backend does otherwise. A macro stamps them as tests, so
//! that a violation fails by its own name. One function that runs all was the alternative; it stops at
//! the first violation and has to be read to know what held.
//!
//! A backend of your own is held to the same clauses. In a test of its crate:
//!
//! ```
//! use std::sync::Arc;
//!
//! use registry_core::backend::BlobStore;
//! use registry_storage::{
//!     blob_store_contract,
//!     contract::metadata::LocalMetadata,
//!     memory::{MemoryMetadata, MemoryParts},
//!     metadata_contract,
//! };
//!
//! blob_store_contract!(my_store, || async {
//!     Arc::new(MemoryParts::with_part_size(512)) as Arc<dyn BlobStore>
//! });
//!
//! metadata_contract!(my_metadata, || async {
//!     LocalMetadata::new(|clock| Arc::new(MemoryMetadata::new(Arc::new(clock))))
//! });
//! # fn main() {}
//! ```
//!
//! Where a backend can be opened by several processes, its harness gives two views of it:
//! see [`BlobStoreHarness`](blob_store::BlobStoreHarness) and
//! [`MetadataHarness`](metadata::MetadataHarness). A clause can also be run alone, by whoever has a
//! runtime:
//!
//! ```
//! use std::sync::Arc;
//!
//! use registry_core::backend::BlobStore;
//! use registry_storage::{contract, memory::MemoryBlobs};
//!
//! let store: Arc<dyn BlobStore> = Arc::new(MemoryBlobs::new());
//! contract::run(contract::blob_store::b02_an_empty_object_is_an_object(&store));
//! ```
//!
//! Two techniques run through all of it. A call is dropped after its first, second and nth poll, and
//! what it left is compared with what was there before and what is there once it was repeated. And
//! where two calls meet, the first is begun with every head start. A backend that is always ready at
//! once shows little that way: wrap it in something that is not, as the tests of this crate do.

pub mod blob_store;
pub mod carry;
mod cost;
mod drive;
pub mod metadata;
pub mod model;
mod stamp;

pub use drive::run;
