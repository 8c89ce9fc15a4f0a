//! Objects that are files of the same machine: files become objects, and objects files elsewhere, without
//! their bytes being copied.
//!
//! It is a capability beside [`BlobStore`](super::BlobStore), for imports and exports on one machine: a store that has
//! no files has none of it. A write whose bytes come from a file was the alternative; each store and each
//! wrapper would then have had to say what the other half of a write does with it.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::{ObjectKey, StoreError};
use crate::digest::Digest;

/// A store whose objects are files of the same machine, each a file of its own.
///
/// Of [`adopt`](Self::adopt):
///
/// 1. What answers is a committed object: its key is used for nothing else, and it is as durable as the
///    store's setting says. Nothing names it yet.
/// 2. The file keeps its name, and nothing of it is changed, now or when the object is deleted. Whoever
///    changes the file in place changes the object.
/// 3. Its bytes are not looked at: the digest is for the name.
/// 4. `None` means that it cannot be had without a copy, and nothing is left of the attempt.
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Makes a file an object.
    async fn adopt(&self, file: &Path, digest: &Digest) -> Result<Option<ObjectKey>, StoreError>;

    /// The file of an object, to be read and linked and not to be changed; `None` for what is no key of
    /// this store. It need not be there.
    fn file(&self, object: &ObjectKey) -> Option<PathBuf>;
}
