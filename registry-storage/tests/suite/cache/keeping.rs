//! What is kept, and for how long.

use std::fs;

use registry_storage::contract::run;

use super::fixture::{Fixture, STEP};

#[test]
fn a_restart_keeps_what_was_kept_and_removes_what_was_half_fetched() {
    run(async {
        let it = Fixture::new(64 << 20);
        let (one, two) = (it.blob(1, 2 * STEP).await, it.blob(2, 77).await);
        it.read(&one).await;
        it.read(&two).await;
        it.far.reads();
        let bytes = it.cached.figures().bytes;
        let it = it.reopened_after(|path| fs::write(path.join("coming/7"), "half").unwrap());
        assert_eq!(it.coming(), 0);
        it.read(&one).await;
        it.read(&two).await;
        assert_eq!(it.far.reads(), []);
        assert_eq!(it.cached.figures().bytes, bytes);
        assert_eq!(it.bytes_of_files(), bytes);
    });
}

#[test]
fn a_file_that_was_cut_short_is_not_what_it_was() {
    run(async {
        let it = Fixture::new(64 << 20);
        let blob = it.blob(1, 2 * STEP).await;
        it.read(&blob).await;
        let file = it.files().remove(0);
        let it = it.reopened_after(|_| {
            let file = fs::OpenOptions::new().write(true).open(file).unwrap();
            file.set_len(99).unwrap();
        });
        assert_eq!(it.files().len(), 0);
        it.read(&blob).await;
        assert_eq!(it.far.reads(), [None, None]);
    });
}

#[test]
fn with_less_room_the_oldest_goes() {
    run(async {
        let it = Fixture::new(64 << 20);
        for fill in 0..8 {
            let blob = it.blob(fill, STEP).await;
            it.read(&blob).await;
        }
        let room = 5 * STEP as u64;
        let it = it.reopened(room);
        assert_eq!(it.files().len(), 4);
        assert!(it.bytes_of_files() <= room);
    });
}

#[test]
fn files_never_take_more_than_the_room() {
    run(async {
        let room = 8 * STEP as u64;
        let it = Fixture::new(room);
        let often = it.blob(0, STEP / 2).await;
        for fill in 1..40 {
            it.read(&often).await;
            let blob = it.blob(fill, usize::from(fill % 4) * STEP / 3 + 9).await;
            it.read(&blob).await;
            assert!(it.bytes_of_files() <= room);
            assert_eq!(it.bytes_of_files(), it.cached.figures().bytes);
        }
        assert!(it.cached.figures().evictions > 0);
        it.far.reads();
        it.read(&often).await;
        assert_eq!(it.far.reads(), [], "what is read often stays");
    });
}

#[test]
fn what_is_too_large_passes_to_the_store() {
    run(async {
        let it = Fixture::new(8 * STEP as u64);
        let blob = it.blob(1, 3 * STEP).await;
        it.read(&blob).await;
        it.read(&blob).await;
        assert_eq!(it.far.reads(), [None, None], "one read each, and no more");
        assert_eq!(it.cached.figures().blobs, 0);
    });
}

#[test]
fn a_directory_is_that_of_one_process() {
    run(async {
        let it = Fixture::new(1 << 20);
        let path = tempfile::tempdir().unwrap();
        let open = || {
            let inner = std::sync::Arc::clone(&it.far);
            registry_storage::cache::Cached::open(inner, path.path(), 1 << 20)
        };
        let first = open().unwrap();
        assert!(open().is_err());
        drop(first);
        open().unwrap();
    });
}
