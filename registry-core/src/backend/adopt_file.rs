//! Files that become objects without their bytes being copied.
//!
//! It is a capability beside [`BlobStore`](super::BlobStore), for imports on one machine: a store that has
//! no files has none of it. A write whose bytes come from a file was the alternative; each store and each
//! wrapper would then have had to say what the other half of a write does with it.

use std::path::Path;

use async_trait::async_trait;

use super::{ObjectKey, StoreError};
use crate::digest::Digest;

/// A store that can make a file of the same machine one of its objects.
///
/// 1. What answers is a committed object: its key is used for nothing else, and it is as durable as the
///    store's setting says. Nothing names it yet.
/// 2. The file keeps its name, and nothing of it is changed, now or when the object is deleted. Whoever
///    changes the file in place changes the object.
/// 3. Its bytes are not looked at: the digest is for the name.
/// 4. `None` means that it cannot be had without a copy, and nothing is left of the attempt.
#[async_trait]
pub trait AdoptFile: Send + Sync {
    /// Makes a file an object.
    async fn adopt(&self, file: &Path, digest: &Digest) -> Result<Option<ObjectKey>, StoreError>;
}
