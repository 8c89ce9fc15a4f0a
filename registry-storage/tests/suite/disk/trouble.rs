//! A directory that may not be used as it should be.

use std::fs;

use registry_core::backend::{BlobStore, StoreErrorKind};
use registry_storage::contract::run;

use super::{open, pull, push};

/// Root may do everything, so a file stands where a directory must be: the same kind of refusal.
#[test]
fn what_cannot_be_opened_is_not_absent() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        let key = push(&blobs, "hello").await.unwrap();
        let shard = directory.path().join(key.as_str());
        let shard = shard.parent().unwrap();
        fs::rename(shard, shard.with_extension("aside")).unwrap();
        fs::write(shard, "in the way").unwrap();
        let unavailable = StoreErrorKind::Unavailable;
        assert_eq!(pull(&blobs, &key).await.unwrap_err().kind, unavailable);
        assert_eq!(blobs.stat(&key).await.unwrap_err().kind, unavailable);
        assert_eq!(push(&blobs, "hello").await.unwrap_err().kind, unavailable);

        fs::remove_file(shard).unwrap();
        fs::rename(shard.with_extension("aside"), shard).unwrap();
        assert_eq!(pull(&blobs, &key).await.unwrap(), b"hello");
    });
}
