//! The cache before the bucket.

use std::sync::Arc;

use registry_core::backend::BlobStore;
use registry_storage::{cache::Cached, object::ObjectBlobs};
use tokio::task::spawn_blocking;

use crate::{config, failure::Failure};

/// Opens it, where there is one.
pub(super) async fn open(
    config: &config::Cache,
    objects: &Arc<ObjectBlobs>,
) -> Result<Option<Arc<Cached>>, Failure> {
    let Some(path) = config.path.clone() else {
        return Ok(None);
    };
    let inner = Arc::clone(objects) as Arc<dyn BlobStore>;
    let (place, size) = (path.clone(), config.size.0);
    let opened = spawn_blocking(move || Cached::open(inner, &place, size)).await;
    let opened = opened.map_err(std::io::Error::other).flatten();
    let cached =
        opened.map_err(|error| Failure::new(format!("cache.path: {}: {error}", path.display())))?;
    Ok(Some(Arc::new(cached)))
}
