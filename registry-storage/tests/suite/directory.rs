//! A registry in a directory.

use std::{fs, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use registry_core::{
    AllowAll, Digest, SystemClock,
    backend::{BlobStore, Collection, ObjectKey},
};
use registry_storage::{
    Durability, InlineSpawner,
    directory::{ContentIdentity, Directory},
    sqlite::SqliteMetadata,
};

use crate::sqlite::fixture::Client;

#[test]
fn a_directory_that_is_open_is_refused_with_the_pid_of_its_holder() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("data");
    let _held = Directory::open(&path, Durability::Strict).unwrap();

    let refused = Directory::open(&path, Durability::Strict).unwrap_err();

    assert!(refused.is_locked());
    let pid = format!("pid {}", std::process::id());
    assert!(refused.to_string().contains(&pid), "{refused}");
}

#[test]
fn only_what_is_a_registry_is_opened_as_one_that_exists() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("data");

    let refused = Directory::open_existing(&path, Durability::Strict).unwrap_err();
    assert!(refused.to_string().contains("holds no registry"));
    assert!(!path.exists());

    drop(Directory::open(&path, Durability::Strict).unwrap());
    Directory::open_existing(&path, Durability::Strict).unwrap();
}

#[test]
fn a_registry_is_built_over_a_directory() {
    let place = tempfile::tempdir().unwrap();
    let directory = Directory::open(place.path(), Durability::Strict).unwrap();
    let parts = directory.builder().policy(AllowAll).spawner(InlineSpawner);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let registry = parts.build().await.unwrap();
        assert_eq!(registry.collect().await.unwrap().objects_deleted, 0);
    });
}

fn open(path: &Path) -> Result<Directory, String> {
    Directory::open(path, Durability::Strict).map_err(|error| error.to_string())
}

/// Stores a blob that is large enough for a file, and answers its key.
async fn store(directory: &Directory, bytes: &'static [u8]) -> ObjectKey {
    let digest = Digest::sha256(bytes);
    let mut write = directory.blobs().begin().await.unwrap();
    write.append(Bytes::from_static(bytes)).await.unwrap();
    let key = write.commit(&digest).await.unwrap();
    let client = Client::new(directory.metadata(), "team/app");
    let put = client.put(str::from_utf8(bytes).unwrap(), key.as_str());
    put.await.unwrap();
    key
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// A data directory with a blob in it, closed.
fn with_content(path: &Path) {
    let directory = open(path).unwrap();
    wait(store(&directory, b"a layer"));
}

#[test]
fn hazard_41_content_that_is_not_mounted_is_refused_and_nothing_is_made_in_its_place() {
    let place = tempfile::tempdir().unwrap();
    with_content(place.path());
    fs::rename(place.path().join("content"), place.path().join("elsewhere")).unwrap();
    fs::create_dir(place.path().join("content")).unwrap();

    let refused = open(place.path()).unwrap_err();
    assert!(refused.contains("is its disk mounted?"), "{refused}");
    let made = fs::read_dir(place.path().join("content")).unwrap().count();
    assert_eq!(made, 0);

    fs::remove_dir(place.path().join("content")).unwrap();
    fs::rename(place.path().join("elsewhere"), place.path().join("content")).unwrap();
    open(place.path()).unwrap();
}

#[test]
fn hazard_41_another_registrys_content_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let (one, other) = (place.path().join("one"), place.path().join("other"));
    with_content(&one);
    with_content(&other);
    fs::remove_dir_all(one.join("content")).unwrap();
    fs::rename(other.join("content"), one.join("content")).unwrap();

    let refused = open(&one).unwrap_err();
    assert!(refused.contains("the content of registry"), "{refused}");
}

#[test]
fn hazard_10_content_whose_database_is_lost_is_refused_and_no_other_is_made() {
    let place = tempfile::tempdir().unwrap();
    with_content(place.path());
    for file in [
        "metadata.sqlite",
        "metadata.sqlite-wal",
        "metadata.sqlite-shm",
    ] {
        fs::remove_file(place.path().join(file)).ok();
    }
    let refused = open(place.path()).unwrap_err();
    assert!(refused.contains("its database is gone"), "{refused}");
    assert!(!place.path().join("metadata.sqlite").exists());
}

#[test]
fn hazard_41_an_older_database_begins_a_generation_that_keeps_what_is_newer() {
    let place = tempfile::tempdir().unwrap();
    with_content(place.path());
    let (database, older) = (
        place.path().join("metadata.sqlite"),
        place.path().join("older"),
    );
    fs::copy(&database, &older).unwrap();
    let directory = open(place.path()).unwrap();
    assert_eq!(directory.identity().generation, 1);
    let newer = wait(store(&directory, b"a newer layer"));
    drop(directory);
    fs::copy(&older, &database).unwrap();

    let directory = open(place.path()).unwrap();
    assert_eq!(directory.identity().generation, 2);
    let metadata = directory.metadata();
    wait(async {
        assert!(metadata.orphans_held().await.unwrap());
        let keys = [newer];
        assert_eq!(metadata.unknown(&keys).await.unwrap().len(), 1);
        assert_eq!(
            metadata.doom(&keys, Duration::from_nanos(1)).await.unwrap(),
            0
        );
    });
    drop(directory);

    let again = open(place.path()).unwrap();
    assert_eq!(
        again.identity().generation,
        2,
        "one restoration, one generation"
    );
    assert!(
        wait(again.metadata().orphans_held()).unwrap(),
        "nobody has decided"
    );
}

#[test]
fn a_database_that_takes_the_place_of_another_belongs_to_the_content() {
    let place = tempfile::tempdir().unwrap();
    with_content(place.path());
    let before = ContentIdentity::of(place.path()).unwrap().unwrap();
    let new = place.path().join("new");
    fs::create_dir(&new).unwrap();
    drop(
        SqliteMetadata::open(
            new.join("metadata.sqlite"),
            Arc::new(SystemClock),
            Durability::Strict,
        )
        .unwrap(),
    );
    for file in ["metadata.sqlite-wal", "metadata.sqlite-shm"] {
        fs::remove_file(place.path().join(file)).ok();
    }
    fs::rename(
        new.join("metadata.sqlite"),
        place.path().join("metadata.sqlite"),
    )
    .unwrap();

    assert!(
        open(place.path())
            .unwrap_err()
            .contains("its database is gone")
    );
    let directory = Directory::open_replaced(place.path(), Durability::Strict).unwrap();
    let identity = directory.identity();
    assert_eq!(
        (identity.registry, identity.generation),
        (before.registry, 2)
    );
    assert!(wait(directory.metadata().orphans_held()).unwrap());
}

#[test]
fn a_start_that_was_cut_off_before_the_content_was_marked_is_gone_on_with() {
    let place = tempfile::tempdir().unwrap();
    drop(open(place.path()).unwrap());
    fs::remove_dir_all(place.path().join("content")).unwrap();
    let directory = open(place.path()).unwrap();
    assert_eq!(directory.identity().generation, 1);
    assert!(!wait(directory.metadata().orphans_held()).unwrap());
}
