//! A disk that is full, turns read-only, or is unmounted: on file systems of the tests' own.
//!
//! They need root to mount, so they are a binary that runs only when it is asked for:
//! `cargo test -p registry-storage --all-features --test mounts`.

mod cache;
#[path = "../suite/disk/store.rs"]
mod store;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKind, StoreErrorKind},
};
use registry_storage::contract::run;
use tempfile::TempDir;

use store::{open, pull, push};

/// A small file system of its own, taken away at the end.
struct Small {
    directory: TempDir,
}

impl Small {
    fn mount(size: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        command(
            "mount",
            &["-t", "tmpfs", "-o", &options, "tmpfs"],
            directory.path(),
        );
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    fn remount(&self, option: &str) {
        command("mount", &["-o", &format!("remount,{option}")], &self.path());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // It fails where a test unmounted it already.
        let mut unmount = Command::new("umount");
        unmount.arg("--lazy").arg(self.path()).status().ok();
    }
}

fn command(program: &str, arguments: &[&str], path: &Path) {
    let status = Command::new(program).args(arguments).arg(path).status();
    assert!(status.unwrap().success(), "{program} needs to be root");
}

#[test]
fn a_full_disk_is_full_and_harms_nothing() {
    run(async {
        let small = Small::mount("4m");
        let blobs = open(&small.path());
        let there = push(&blobs, vec![1; 1 << 20]).await.unwrap();
        let mut kept = blobs.begin().await.unwrap();
        kept.append(Bytes::from(vec![2; 1 << 20])).await.unwrap();
        let from = kept.checkpoint().await.unwrap();
        drop(kept);

        let error = push(&blobs, vec![3; 4 << 20]).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
        assert_eq!(pull(&blobs, &there).await.unwrap(), vec![1; 1 << 20]);
        // Nobody can go on with what did not fit, so there is room again.
        let open = blobs.list(ObjectKind::Unfinished, None, 10).await.unwrap();
        assert_eq!(open, std::slice::from_ref(&from.key));
        let mut write = blobs.resume(&from).await.unwrap();
        let too_much = Bytes::from(vec![2; 4 << 20]);
        let error = match write.append(too_much).await {
            Ok(()) => write.checkpoint().await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
        write.abort().await.unwrap();
        let next = push(&blobs, vec![4; 2 << 20]).await.unwrap();
        assert_eq!(pull(&blobs, &next).await.unwrap(), vec![4; 2 << 20]);
        assert_eq!(pull(&blobs, &there).await.unwrap(), vec![1; 1 << 20]);
    });
}

#[test]
fn an_upload_goes_on_when_a_full_disk_has_room_again() {
    run(async {
        let small = Small::mount("4m");
        let blobs = open(&small.path());
        let mut write = blobs.begin().await.unwrap();
        write.append(Bytes::from(vec![1; 1 << 20])).await.unwrap();
        let from = write.checkpoint().await.unwrap();
        let rest = Bytes::from(vec![1; 4 << 20]);
        write.append(rest.clone()).await.ok();
        let error = write.commit(&Digest::sha256(b"whole")).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Full, "{error}");

        small.remount("size=16m");
        let mut write = blobs.resume(&from).await.unwrap();
        write.append(rest).await.unwrap();
        let key = write.commit(&Digest::sha256(b"whole")).await.unwrap();
        assert_eq!(pull(&blobs, &key).await.unwrap(), vec![1; 5 << 20]);
    });
}

#[test]
fn a_disk_that_turned_read_only_can_be_read() {
    run(async {
        let small = Small::mount("4m");
        let blobs = open(&small.path());
        let key = push(&blobs, "hello").await.unwrap();
        let write = blobs.begin().await.unwrap();
        drop(write);
        small.remount("ro");
        let error = push(&blobs, "more").await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
        let error = blobs.delete(&key).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
        assert_eq!(pull(&blobs, &key).await.unwrap(), b"hello");
    });
}

/// Hazard 41: an empty mount point holds nothing, which says nothing about what was stored.
#[test]
fn hazard_41_on_an_unmounted_disk_nothing_is_absent() {
    run(async {
        let small = Small::mount("4m");
        let blobs = open(&small.path());
        let key = push(&blobs, "hello").await.unwrap();
        let mut write = blobs.begin().await.unwrap();
        let from = write.checkpoint().await.unwrap();
        command("umount", &["--lazy"], &small.path());

        let kinds = [
            pull(&blobs, &key).await.unwrap_err().kind,
            blobs.stat(&key).await.unwrap_err().kind,
            blobs.delete(&key).await.unwrap_err().kind,
            blobs.delete(&from.key).await.unwrap_err().kind,
            blobs.resume(&from).await.map(|_| ()).unwrap_err().kind,
            push(&blobs, "more").await.unwrap_err().kind,
            write.checkpoint().await.unwrap_err().kind,
            list(&blobs, ObjectKind::Committed).await,
            list(&blobs, ObjectKind::Unfinished).await,
        ];
        assert_eq!(kinds, [StoreErrorKind::Unavailable; 9]);
    });
}

async fn list(blobs: &dyn BlobStore, kind: ObjectKind) -> StoreErrorKind {
    blobs.list(kind, None, 10).await.unwrap_err().kind
}

#[test]
fn what_is_announced_has_room_or_is_refused_at_once() {
    run(async {
        let small = Small::mount("64m");
        let blobs = open(&small.path());
        let there = push(&blobs, vec![1; 1 << 20]).await.unwrap();
        let mut first = blobs.begin().await.unwrap();
        let error = first.announce(100 << 20).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
        first.announce(40 << 20).await.unwrap();

        // The first one's bytes have not come, and their room is taken all the same.
        let mut second = blobs.begin().await.unwrap();
        let error = second.announce(20 << 20).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
        second.announce(10 << 20).await.unwrap();
        second.abort().await.unwrap();

        let bytes = vec![2; 40 << 20];
        first.append(Bytes::from(bytes.clone())).await.unwrap();
        let key = first.commit(&Digest::sha256(&bytes)).await.unwrap();
        assert!(pull(&blobs, &key).await.unwrap() == bytes);
        assert_eq!(pull(&blobs, &there).await.unwrap(), vec![1; 1 << 20]);
        blobs.delete(&key).await.unwrap();
        let mut third = blobs.begin().await.unwrap();
        third.announce(40 << 20).await.unwrap();
        drop(third);
        blobs
            .begin()
            .await
            .unwrap()
            .announce(40 << 20)
            .await
            .unwrap();
    });
}
