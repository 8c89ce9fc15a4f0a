//! A store that has no multipart uploads of its own: what is left of those that are made of objects.

use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, memory::InMemory, path::Path};
use registry_core::{
    Digest,
    backend::{BlobStore, StoreErrorKind},
};
use registry_storage::{
    SystemRandom,
    contract::{blob_store::BlobStoreHarness, run},
    object::ObjectBlobs,
};

use super::{
    PART_SIZE, bytes, pull, push,
    store::{settings, written},
};

/// The memory store of `object_store`, as every store is.
#[derive(Default)]
pub(crate) struct Plain(Arc<InMemory>);

impl Plain {
    fn open(&self) -> ObjectBlobs {
        let objects = Arc::clone(&self.0) as _;
        ObjectBlobs::plain(objects, settings(), Arc::new(SystemRandom)).unwrap()
    }

    /// What there is beside committed objects.
    async fn parts(&self) -> Vec<Path> {
        let listed = self.0.list(Some(&Path::from("a/registry/parts")));
        listed
            .map_ok(|object| object.location)
            .try_collect()
            .await
            .unwrap()
    }
}

impl BlobStoreHarness for Plain {
    fn store(&self) -> Arc<dyn BlobStore> {
        Arc::new(self.open())
    }

    fn second(&self) -> Arc<dyn BlobStore> {
        Arc::new(self.open())
    }

    fn lists_unfinished(&self) -> bool {
        false
    }

    fn keeps_short_writes(&self) -> bool {
        false
    }
}

#[test]
fn nothing_is_left_of_parts_after_a_commit_or_an_abort() {
    run(async {
        let plain = Plain::default();
        let blobs = plain.open();
        let whole = bytes(3 * PART_SIZE + 7);
        let key = push(&blobs, &whole).await.unwrap();
        assert_eq!(pull(&blobs, &key).await.unwrap(), whole);
        assert_eq!(plain.parts().await, []);

        let mut write = written(&blobs, &whole).await;
        write.checkpoint().await.unwrap();
        assert_eq!(plain.parts().await.len(), 4);
        write.abort().await.unwrap();
        assert_eq!(plain.parts().await, []);
    });
}

/// A part that is gone, as by a careless rule of the bucket, makes no object without it.
#[test]
fn a_commit_that_misses_a_part_is_refused_and_ends_the_upload() {
    run(async {
        let plain = Plain::default();
        let blobs = plain.open();
        let whole = bytes(3 * PART_SIZE);
        let mut write = written(&blobs, &whole).await;
        let from = write.checkpoint().await.unwrap();
        let key = write.committed_key(&Digest::sha256(&whole));
        let parts = plain.parts().await;
        let second = parts.iter().find(|path| path.as_ref().contains("/1-"));
        plain.0.delete(second.unwrap()).await.unwrap();
        write.commit(&Digest::sha256(&whole)).await.unwrap_err();
        assert_eq!(blobs.stat(&key).await.unwrap(), None);
        let resumed = blobs.resume(&from).await.map(drop).unwrap_err();
        assert_eq!(resumed.kind, StoreErrorKind::Absent);
        assert_eq!(plain.parts().await, []);
    });
}

/// As when a process was killed between the two, or is at it now.
#[test]
fn what_somebody_else_completes_is_not_completed_again() {
    run(async {
        let plain = Plain::default();
        let blobs = plain.open();
        let whole = bytes(3 * PART_SIZE);
        let mut write = written(&blobs, &whole).await;
        write.checkpoint().await.unwrap();
        let open = plain.parts().await;
        let open = open
            .iter()
            .find(|path| path.as_ref().ends_with("/open"))
            .unwrap();
        let claimed = open.as_ref().replace("/open", "/claimed");
        plain
            .0
            .put(&claimed.into(), PutPayload::new())
            .await
            .unwrap();
        let key = write.committed_key(&Digest::sha256(&whole));
        write.commit(&Digest::sha256(&whole)).await.unwrap_err();
        assert_eq!(blobs.stat(&key).await.unwrap(), None);
    });
}
