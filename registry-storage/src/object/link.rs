//! Links to objects: presigned URLs, made without asking the store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use object_store::signer::{Method, Signer};
use registry_core::{
    Secret,
    backend::{LinkStore, ObjectKey, StoreError},
};

use super::{ObjectBlobs, error::failed, key::is_blob, store::Store};

/// Makes links to the objects of an [`ObjectBlobs`].
///
/// The signer may be another client of the same bucket, with the address at which clients reach it. Credentials that
/// end before a link's life is over end the link as well. S3 and Google count a life in whole seconds, a week at most.
///
/// Google's client signs for `storage.googleapis.com`, whatever address it has. It does so by itself where it has a
/// service account's key; else each link is a request to Google's `signBlob`, and what that refuses is no link.
pub struct ObjectLinks {
    store: Arc<Store>,
    signer: Arc<dyn Signer>,
}

impl ObjectLinks {
    /// Links of these blobs.
    #[must_use]
    pub fn new(blobs: &ObjectBlobs, signer: Arc<dyn Signer>) -> Self {
        let store = Arc::clone(&blobs.store);
        Self { store, signer }
    }
}

#[async_trait]
impl LinkStore for ObjectLinks {
    async fn link(&self, object: &ObjectKey, life: Duration) -> Result<Option<Secret>, StoreError> {
        if !is_blob(object) {
            return Ok(None);
        }
        let path = self.store.path(object.as_str());
        let signed = self.signer.signed_url(Method::GET, &path, life).await;
        match signed {
            Ok(url) => Ok(Some(Secret::new(url.into()))),
            Err(error) => Err(failed("sign", &path, &self.store.objects, &error)),
        }
    }
}
