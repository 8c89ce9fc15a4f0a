//! Links to the bucket, for clients that are sent there.

use std::sync::Arc;

use registry_core::backend::LinkStore;
use registry_storage::object::{ObjectBlobs, ObjectLinks};

use super::shared;
use crate::{
    config::{Config, Objects},
    failure::Failure,
};

/// What makes them, where anybody is sent there. It signs for the address that clients know.
pub(super) fn open(
    config: &Config,
    blobs: &ObjectBlobs,
) -> Result<Option<Arc<dyn LinkStore>>, Failure> {
    if !config.redirects.enabled {
        return Ok(None);
    }
    let mut outside: Objects = config.objects.clone();
    if let Some(endpoint) = &config.redirects.endpoint {
        outside.endpoint = Some(endpoint.clone());
    }
    let signer = shared::signer(&outside)?;
    Ok(Some(Arc::new(ObjectLinks::new(blobs, signer))))
}
