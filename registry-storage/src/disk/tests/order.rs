//! Hazards 5 and 40: what is on the disk before an answer is given.

use std::fs;

use bytes::Bytes;
use registry_core::backend::{BlobStore, StoreErrorKind};

use super::{digest, recorded::Recorded, store, written};
use crate::contract::run;

const SHARD: &str = "blobs/sha256/0d";

#[test]
fn hazard_05_a_commit_answers_after_bytes_name_and_directory() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let steps = Recorded::new(directory.path());
        let blobs = store(directory.path(), steps.clone());
        steps.take();
        let write = written(&blobs, b"some bytes").await;
        let key = write.commit(&digest()).await.unwrap();
        assert!(key.as_str().starts_with(SHARD), "{key}");
        let first = [
            "write 10",
            "sync upload",
            "sync blobs/",
            "sync blobs/sha256/",
            "rename upload to object",
            "sync blobs/sha256/0d/",
        ];
        assert_eq!(steps.take(), first);

        let write = written(&blobs, b"some bytes").await;
        write.commit(&digest()).await.unwrap();
        let next = [first[0], first[1], first[4], first[5]];
        assert_eq!(steps.take(), next, "where the directories are there");
    });
}

#[test]
fn hazard_05_the_store_itself_is_on_the_disk_when_it_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let steps = Recorded::new(directory.path());
    store(directory.path(), steps.clone());
    let first = [
        "sync layout.new",
        "rename layout.new to layout",
        "sync above/",
        "sync /",
    ];
    assert_eq!(steps.take(), first);
}

#[test]
fn hazard_40_a_checkpoint_is_handed_out_after_its_bytes_and_name() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let steps = Recorded::new(directory.path());
        let blobs = store(directory.path(), steps.clone());
        steps.take();
        let mut write = written(&blobs, b"some bytes").await;
        write.checkpoint().await.unwrap();
        assert_eq!(steps.take(), ["write 10", "sync upload", "sync uploads/"]);

        write.append(Bytes::from_static(b"more")).await.unwrap();
        let from = write.checkpoint().await.unwrap();
        assert_eq!(steps.take(), ["write 4", "sync upload"]);

        blobs.resume(&from).await.unwrap();
        assert_eq!(steps.take(), [""; 0], "nothing is forgotten");
    });
}

#[test]
fn hazard_40_a_resume_forgets_after_it_is_written_down() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let steps = Recorded::new(directory.path());
        let blobs = store(directory.path(), steps.clone());
        let mut write = written(&blobs, b"some bytes").await;
        let from = write.checkpoint().await.unwrap();
        write.append(Bytes::from_static(b"more")).await.unwrap();
        write.checkpoint().await.unwrap();
        steps.take();
        blobs.resume(&from).await.unwrap();
        let order = ["sync resumes", "sync uploads/", "truncate 10"];
        assert_eq!(steps.take(), order);
        let file = directory.path().join(from.key.as_str());
        assert_eq!(fs::read(file).unwrap(), b"some bytes");
    });
}

#[test]
fn hazard_40_a_file_shorter_than_its_checkpoint_is_refused() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = store(directory.path(), Recorded::new(directory.path()));
        let mut write = written(&blobs, b"some bytes").await;
        let from = write.checkpoint().await.unwrap();
        drop(write);
        let file = directory.path().join(from.key.as_str());
        fs::OpenOptions::new()
            .write(true)
            .open(file)
            .unwrap()
            .set_len(9)
            .unwrap();
        let resumed = blobs.resume(&from).await.map(|write| write.key().clone());
        let error = resumed.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::BadCheckpoint, "{error}");
    });
}
