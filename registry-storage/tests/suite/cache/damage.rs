//! A disk that is wrong is never seen by who reads.

use std::{fs, os::unix::fs::FileExt};

use registry_core::Digest;
use registry_storage::contract::run;

use super::fixture::{Blob, Fixture, STEP, rest};

const ROOM: u64 = 64 << 20;

fn turn_a_bit(it: &Fixture, at: u64) {
    let file = it.files().remove(0);
    let file = fs::OpenOptions::new().read(true).write(true).open(file);
    let (file, mut byte) = (file.unwrap(), [0]);
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 4], at).unwrap();
}

#[test]
fn a_bit_that_turned_is_read_from_the_store_and_the_copy_goes() {
    run(async {
        let it = Fixture::new(ROOM);
        let size = 4 * STEP as u64;
        let blob = it.blob(1, 4 * STEP).await;
        it.read(&blob).await;
        let it = it.reopened(ROOM);
        turn_a_bit(&it, 2 * STEP as u64 + 1000);
        it.far.reads();
        it.read_range(&blob, 0..STEP as u64).await;
        assert_eq!(it.far.reads(), [], "the damage is elsewhere");
        it.read(&blob).await;
        assert_eq!(it.far.reads(), [Some(2 * STEP as u64..size)]);
        assert_eq!((it.cached.figures().damaged, it.files().len()), (1, 0));
        it.read(&blob).await;
        it.read(&blob).await;
        assert_eq!(it.far.reads(), [None], "and is kept anew");
    });
}

#[test]
fn a_file_that_is_not_there_any_more_is_fetched_again() {
    run(async {
        let it = Fixture::new(ROOM);
        let blob = it.blob(1, STEP).await;
        it.read(&blob).await;
        fs::remove_file(it.files().remove(0)).unwrap();
        it.read(&blob).await;
        it.read(&blob).await;
        assert_eq!(it.far.reads(), [None, None]);
    });
}

#[test]
fn what_has_another_digest_is_not_kept() {
    run(async {
        let it = Fixture::new(ROOM);
        let blob = it.blob(1, 2 * STEP + 5).await;
        let other = Blob {
            digest: Digest::sha256(b"other"),
            ..blob
        };
        it.read(&other).await;
        assert_eq!((it.files().len(), it.coming()), (0, 0));
        let figures = it.cached.figures();
        assert_eq!((figures.failures, figures.blobs, figures.bytes), (1, 0, 0));
    });
}

/// As where its disk is taken away, or turns read-only.
#[test]
fn without_its_disk_reads_go_to_the_store() {
    run(async {
        let it = Fixture::new(ROOM);
        let (kept, other) = (it.blob(1, STEP).await, it.blob(2, STEP).await);
        it.read(&kept).await;
        it.far.reads();
        fs::remove_dir_all(it.path()).unwrap();
        for _ in 0..2 {
            it.read(&kept).await;
            it.read(&other).await;
        }
        assert_eq!(it.far.reads(), [None, None, None, None]);
        assert_eq!(it.cached.figures().failures, 4);
        assert_eq!(it.cached.figures().bytes, 0);
    });
}

#[test]
fn a_fetch_that_breaks_has_its_followers_go_on_from_the_store() {
    run(async {
        let it = Fixture::held(ROOM);
        let blob = it.blob(1, 3 * STEP).await;
        let read = it.begin(&blob).await;
        // The place to keep it in goes before the fetch is through.
        fs::remove_dir_all(it.path().join("kept")).unwrap();
        it.far.let_through(9);
        assert!(rest(read).await == blob.bytes[STEP..]);
        let last = 2 * STEP as u64..3 * STEP as u64;
        assert_eq!(it.far.reads(), [None, Some(last)]);
    });
}
