//! Whose a store is.

use std::fmt::Write;

use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, path::Path};
use registry_core::backend::StoreError;

use super::{
    ObjectBlobs,
    error::{is_absent, unavailable},
    store::Store,
};

/// Where the store says it, beside what it has.
const MARKER: &str = "registry";

impl ObjectBlobs {
    /// Has the store belong to the registry of this id, and to no other from then on.
    ///
    /// # Errors
    /// Where it belongs to another one, or cannot be read or written.
    pub async fn belong_to(&self, registry: &[u8; 16]) -> Result<(), StoreError> {
        let store = &self.store;
        let (path, id) = (store.path(MARKER), told(registry));
        if let Some(found) = owner(store, &path).await? {
            return same(store, &found, &id);
        }
        let first = PutOptions::from(PutMode::Create);
        let put = store
            .objects
            .put_opts(&path, id.clone().into(), first)
            .await;
        match put {
            Ok(_) => Ok(()),
            // Another process was faster; what it says counts.
            Err(Error::AlreadyExists { .. }) => match owner(store, &path).await? {
                Some(found) => same(store, &found, &id),
                None => Err(unavailable("whose store it is was written and went away")),
            },
            Err(error) => Err(store.failed("put", &path, &error)),
        }
    }

    /// Whether the store answers, and belongs to somebody: one request.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let path = self.store.path(MARKER);
        let found = self.store.objects.head(&path).await;
        found
            .map(drop)
            .map_err(|error| self.store.failed("look at", &path, &error))
    }
}

async fn owner(store: &Store, path: &Path) -> Result<Option<String>, StoreError> {
    let failed = |error| store.failed("get", path, &error);
    match store.objects.get(path).await {
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(failed(error)),
        Ok(found) => {
            let bytes = found.bytes().await.map_err(failed)?;
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        }
    }
}

fn same(store: &Store, found: &str, id: &str) -> Result<(), StoreError> {
    if found == id {
        return Ok(());
    }
    let message = format!(
        "{} belongs to another registry: to {}, and not to {}",
        store.objects,
        found.trim_end(),
        id.trim_end()
    );
    Err(unavailable(message))
}

fn told(registry: &[u8; 16]) -> String {
    let mut told = String::with_capacity(33);
    for byte in registry {
        // Writing to a string cannot fail.
        let _ = write!(told, "{byte:02x}");
    }
    told.push('\n');
    told
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;

    use super::*;
    use crate::{SystemRandom, object::ObjectSettings};

    fn blobs(store: &Arc<InMemory>, prefix: &str) -> ObjectBlobs {
        let settings = ObjectSettings {
            prefix: prefix.to_owned(),
            ..ObjectSettings::default()
        };
        let random = Arc::new(SystemRandom);
        ObjectBlobs::new(
            Arc::clone(store) as _,
            Arc::clone(store) as _,
            settings,
            random,
        )
        .unwrap()
    }

    #[tokio::test]
    async fn a_store_belongs_to_the_first_registry_and_to_no_other() {
        let store = Arc::new(InMemory::new());
        let (one, other) = (blobs(&store, "one"), blobs(&store, "other"));
        one.probe().await.unwrap_err();
        for _ in 0..2 {
            one.belong_to(&[1; 16]).await.unwrap();
            one.probe().await.unwrap();
        }
        let refused = one.belong_to(&[2; 16]).await.unwrap_err();
        assert!(
            refused.message.contains("belongs to another registry"),
            "{refused}"
        );
        other.belong_to(&[2; 16]).await.unwrap();
    }
}
