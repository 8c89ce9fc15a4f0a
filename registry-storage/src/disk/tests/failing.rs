//! Steps that fail: what is answered, and what is left.

use bytes::Bytes;
use registry_core::backend::{BlobStore, ObjectKind, StoreErrorKind};

use super::{digest, recorded::Recorded, store, written};
use crate::contract::run;

/// Panics unless a commit in which this step fails answers with this kind, leaves no object, and the
/// write can be gone on with.
fn assert_commit_fails(step: &'static str, kind: StoreErrorKind) {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let steps = Recorded::new(directory.path());
        let blobs = store(directory.path(), steps.clone());
        let mut write = written(&blobs, b"some").await;
        let from = write.checkpoint().await.unwrap();
        let rest = Bytes::from_static(b" bytes");
        write.append(rest.clone()).await.unwrap();
        let key = write.committed_key(&digest());
        steps.fail(step);
        let error = write.commit(&digest()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(blobs.stat(&key).await.unwrap(), None, "{key}");

        steps.fail("nothing");
        let mut write = blobs.resume(&from).await.unwrap();
        write.append(rest).await.unwrap();
        let key = write.commit(&digest()).await.unwrap();
        assert_eq!(blobs.stat(&key).await.unwrap(), Some(10));
        let open = blobs.list(ObjectKind::Unfinished, None, 10).await.unwrap();
        assert_eq!(open, []);
    });
}

#[test]
fn hazard_05_a_commit_whose_bytes_are_not_synced_did_not_happen() {
    assert_commit_fails("sync upload", StoreErrorKind::Unavailable);
}

#[test]
fn hazard_05_a_commit_whose_directories_are_not_synced_did_not_happen() {
    assert_commit_fails("sync blobs/", StoreErrorKind::Unavailable);
}

#[test]
fn hazard_05_a_commit_whose_name_is_not_synced_is_unknown_and_not_to_be_found() {
    assert_commit_fails("sync blobs/sha256/0d/", StoreErrorKind::Unknown);
}

#[test]
fn a_commit_that_is_not_renamed_did_not_happen() {
    assert_commit_fails("rename upload", StoreErrorKind::Unavailable);
}

#[test]
fn hazard_40_a_checkpoint_whose_bytes_are_not_synced_is_not_handed_out() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let steps = Recorded::new(directory.path());
        let blobs = store(directory.path(), steps.clone());
        let mut write = written(&blobs, b"some").await;
        let from = write.checkpoint().await.unwrap();
        write.append(Bytes::from_static(b"more")).await.unwrap();
        steps.fail("sync upload");
        let error = write.checkpoint().await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable);

        // A second sync may well succeed, and says nothing of the bytes that the first one lost.
        steps.fail("nothing");
        write.checkpoint().await.unwrap_err();
        write.commit(&digest()).await.unwrap_err();
        blobs.resume(&from).await.unwrap();
    });
}
