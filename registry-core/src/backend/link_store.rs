//! Objects that a client may fetch from their store itself: bytes then do not go through this process.
//!
//! It is a capability beside [`BlobStore`](super::BlobStore), as only some stores have it and none needs it. A
//! method of that trait was the alternative; every wrapper would then have to pass it on.

use std::time::Duration;

use async_trait::async_trait;

use super::{ObjectKey, StoreError};
use crate::secret::Secret;

/// A store that makes links to its objects.
///
/// 1. Whoever has a link can read that object, all of it or a range, until its life is over, and nothing else. So a
///    link is a secret, and is handed out only after whoever gets it was allowed to read the object.
/// 2. Making one asks the store nothing, so it does not say that the object is there.
#[async_trait]
pub trait LinkStore: Send + Sync {
    /// The URL of an object, for so long; `None` for what is no key of this store.
    async fn link(&self, object: &ObjectKey, life: Duration) -> Result<Option<Secret>, StoreError>;
}
