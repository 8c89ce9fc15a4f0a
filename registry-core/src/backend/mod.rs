//! What a backend promises.
//!
//! Two traits divide the work. A [`BlobStore`] keeps large immutable objects and knows nothing of
//! repositories; [`Metadata`] keeps everything else and is where every change commits. Their
//! guarantees are numbered in their documentation; the contract suite of `registry-storage` holds
//! one test per number.

mod blob_store;
mod file_store;
mod link_store;
mod metadata;
mod tail;

pub use blob_store::{
    BlobStore, BlobWrite, ByteStream, ObjectKey, ObjectKind, ObjectRead, StoreCheckpoint,
    StoreError, StoreErrorKind,
};
pub use file_store::FileStore;
pub use link_store::LinkStore;
pub use metadata::*;
pub use tail::Tail;
