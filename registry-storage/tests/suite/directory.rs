//! A registry in a directory.

use registry_core::AllowAll;
use registry_storage::{Durability, InlineSpawner, directory::Directory};

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
