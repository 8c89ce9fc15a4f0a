//! A whole registry in memory, in a line.

use std::sync::Arc;

use futures_util::FutureExt;
use registry_core::{AllowAll, Builder, Registry, SystemClock};

use super::{MemoryBlobs, MemoryMetadata};
use crate::{InlineSpawner, SystemRandom};

/// A registry that keeps everything in memory and lets everybody do everything. It needs no runtime.
///
/// ```
/// # async fn example() -> registry_core::Result<()> {
/// use registry_core::{Caller, PageRequest, RepositoryName};
///
/// let registry = registry_storage::memory::registry();
/// let name = RepositoryName::parse("library/app").expect("a repository's name");
/// let nobody = Caller::anonymous();
/// let first = PageRequest { after: None, limit: 100 };
/// assert!(registry.catalog(&nobody, first).await?.items.is_empty());
/// # let _ = registry.open(&nobody, &name).pull().await?;
/// # Ok(())
/// # }
/// # futures_executor::block_on(example()).unwrap();
/// ```
///
/// # Panics
/// Where the operating system has no randomness to give.
#[must_use]
pub fn registry() -> Registry {
    let built = builder().policy(AllowAll).build().now_or_never();
    built
        .expect("memory never waits")
        .expect("memory always answers")
}

/// The parts of such a registry, for those who bring a policy, hooks or settings of their own: only
/// the policy is missing.
#[must_use]
pub fn builder() -> Builder {
    Registry::builder()
        .blobs(Arc::new(MemoryBlobs::default()))
        .metadata(Arc::new(MemoryMetadata::new(Arc::new(SystemClock))))
        .random(SystemRandom)
        .spawner(InlineSpawner)
}
