//! Files that become objects: in which order, and what is left where it does not come to that.

use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
    path::{Path, PathBuf},
};

use registry_core::backend::{BlobStore, FileStore, ObjectKey, ObjectKind, StoreErrorKind};
use tempfile::TempDir;

use super::{DiskBlobs, digest, recorded::Recorded, store};
use crate::contract::run;

struct Place {
    directory: TempDir,
    steps: Recorded,
    blobs: DiskBlobs,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let content = directory.path().join("content");
        let steps = Recorded::new(&content);
        let blobs = store(&content, steps.clone());
        steps.take();
        Self {
            directory,
            steps,
            blobs,
        }
    }

    /// A file beside the store.
    fn file(&self) -> PathBuf {
        let path = self.directory.path().join("file");
        fs::write(&path, "some bytes").unwrap();
        path
    }

    async fn adopted(&self, path: &Path) -> Option<ObjectKey> {
        self.blobs.adopt(path, &digest()).await.unwrap()
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.directory.path().join("content").join(key.as_str())
    }

    async fn has_nothing(&self) {
        for kind in [ObjectKind::Committed, ObjectKind::Unfinished] {
            assert_eq!(self.blobs.list(kind, None, 10).await.unwrap(), []);
        }
    }
}

#[test]
fn hazard_05_a_file_is_adopted_after_bytes_name_and_directory() {
    run(async {
        let place = Place::new();
        let path = place.file();
        let key = place.adopted(&path).await.unwrap();
        let steps = place.steps.take();
        assert_eq!(
            steps,
            [
                "sync blobs/",
                "sync blobs/sha256/",
                "sync above",
                "link above to object",
                "sync blobs/sha256/0d/",
            ]
        );
        assert_eq!(place.blobs.stat(&key).await.unwrap(), Some(10));
        let [file, object] = [path.clone(), place.path(&key)].map(|it| fs::metadata(it).unwrap());
        assert_eq!((file.ino(), file.nlink()), (object.ino(), 2));
        assert_eq!(place.blobs.file(&key), Some(place.path(&key)));
        let other = ObjectKey::new("blobs/../registry");
        assert_eq!(place.blobs.file(&other), None);
        let again = place.adopted(&path).await.unwrap();
        assert_ne!(again, key);
    });
}

#[test]
fn a_file_outlives_the_object_it_was_adopted_as() {
    run(async {
        let place = Place::new();
        let path = place.file();
        let key = place.adopted(&path).await.unwrap();
        place.blobs.delete(&key).await.unwrap();
        assert_eq!(fs::read(path).unwrap(), b"some bytes");
        place.has_nothing().await;
    });
}

#[test]
fn what_is_no_file_here_or_no_file_at_all_is_not_adopted() {
    run(async {
        let place = Place::new();
        let link = place.directory.path().join("link");
        symlink(place.file(), &link).unwrap();
        let absent = place.directory.path().join("absent");
        let elsewhere = PathBuf::from("/proc/self/status");
        for path in [&*link, &*absent, place.directory.path(), &*elsewhere] {
            assert_eq!(place.adopted(path).await, None, "{}", path.display());
        }
        place.has_nothing().await;
    });
}

#[test]
fn hazard_05_a_file_is_not_adopted_where_a_sync_fails() {
    run(async {
        for step in ["sync above", "link above", "sync blobs/sha256/0d/"] {
            let place = Place::new();
            let path = place.file();
            place.steps.fail(step);
            let error = place.blobs.adopt(&path, &digest()).await.unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::Unavailable, "{step}: {error}");
            place.has_nothing().await;
        }
    });
}
