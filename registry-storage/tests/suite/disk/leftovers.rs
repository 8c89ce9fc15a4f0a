//! Hazard 14: what a crash leaves behind is found and can be taken away.

use std::fs;

use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKind},
};
use registry_storage::contract::run;

use super::{open, pull, push};

/// What is left of a process that was killed is what is in the files.
#[test]
fn hazard_14_writes_left_by_a_crash_are_listed_and_can_be_deleted() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        let key = push(&blobs, "hello").await.unwrap();
        // What comes behind a block waits until that is in the file.
        let mut write = blobs.begin().await.unwrap();
        write.append(Bytes::from(vec![6; 2 << 20])).await.unwrap();
        let begun = write.key().clone();
        drop(write);
        let mut write = blobs.begin().await.unwrap();
        write.append(Bytes::from(vec![7; 1 << 20])).await.unwrap();
        let from = write.checkpoint().await.unwrap();
        drop(write);
        blobs.resume(&from).await.unwrap();

        let after = open(directory.path());
        let mut expected = [begun, from.key];
        expected.sort();
        let open = after.list(ObjectKind::Unfinished, None, 10).await.unwrap();
        assert_eq!(open, expected);
        for key in &open {
            after.delete(key).await.unwrap();
        }
        assert_eq!(names(&directory.path().join("uploads")), [""; 0]);
        assert_eq!(pull(&after, &key).await.unwrap(), b"hello");
    });
}

/// The crash came between the removal of the file and of the record of its resumes.
#[test]
fn hazard_14_a_record_of_resumes_left_alone_does_not_leak() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        let mut write = blobs.begin().await.unwrap();
        let from = write.checkpoint().await.unwrap();
        blobs.resume(&from).await.unwrap();
        fs::remove_file(directory.path().join(from.key.as_str())).unwrap();
        let open = blobs.list(ObjectKind::Unfinished, None, 10).await.unwrap();
        assert_eq!(open, std::slice::from_ref(&from.key));
        blobs.delete(&from.key).await.unwrap();
        assert_eq!(names(&directory.path().join("uploads")), [""; 0]);
    });
}

#[test]
fn a_resumed_write_leaves_nothing_but_its_object() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        for commits in [true, false] {
            let mut write = blobs.begin().await.unwrap();
            let from = write.checkpoint().await.unwrap();
            let write = blobs.resume(&from).await.unwrap();
            if commits {
                write.commit(&Digest::sha256(b"")).await.unwrap();
            } else {
                write.abort().await.unwrap();
            }
            assert_eq!(names(&directory.path().join("uploads")), [""; 0]);
        }
    });
}

fn names(directory: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect()
}
