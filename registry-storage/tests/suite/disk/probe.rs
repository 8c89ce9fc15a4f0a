//! Whether a store says that it can be written to.

use std::fs;

use registry_core::backend::StoreErrorKind;
use registry_storage::contract::run;

use super::open;

#[test]
fn a_store_that_can_be_written_to_says_so_and_is_as_before() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        let names = || fs::read_dir(directory.path()).unwrap().count();
        let before = names();
        blobs.probe().await.unwrap();
        // What a crash left behind is no obstacle.
        fs::write(directory.path().join("probe"), "half").unwrap();
        blobs.probe().await.unwrap();
        assert_eq!(names(), before);
        let space = blobs.space().unwrap();
        assert!(space.total >= space.available && space.total > 0);
    });
}

#[test]
fn hazard_41_a_store_that_is_gone_says_so() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        fs::remove_file(directory.path().join("layout")).unwrap();
        let error = blobs.probe().await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable);
        fs::remove_dir_all(directory.path()).unwrap();
        assert!(blobs.probe().await.is_err() && blobs.space().is_err());
    });
}

/// Root may do everything, so a directory stands where the file must be: the same kind of refusal.
#[test]
fn a_store_that_refuses_a_file_says_so() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        fs::create_dir(directory.path().join("probe")).unwrap();
        assert!(blobs.probe().await.is_err());
    });
}
