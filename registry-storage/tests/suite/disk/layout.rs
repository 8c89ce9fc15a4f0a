//! What is on the disk, and under which names.

use std::fs;

use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey, ObjectKind, StoreErrorKind},
};
use registry_storage::contract::run;

use super::{open, pull, push, try_open};

#[test]
fn a_person_finds_a_blob_by_its_digest() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        let key = push(&blobs, "hello").await.unwrap();
        let encoded = Digest::sha256(b"hello").encoded().to_owned();
        let name = format!("blobs/sha256/{}/{encoded}-", &encoded[..2]);
        assert!(key.as_str().starts_with(&name), "{key}");
        assert_eq!(
            fs::read(directory.path().join(key.as_str())).unwrap(),
            b"hello"
        );
    });
}

#[test]
fn objects_of_every_algorithm_are_listed_in_byte_order() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        let digests = [
            "sha256+b64:a",
            "a:b",
            "a:b-",
            "a:b-c",
            "a:bc",
            "a:b=",
            "a.b:c",
            "a+b:c",
            "a-b:c",
            "ab:c",
        ];
        let digests = digests.map(|text| Digest::parse(text).unwrap());
        let hashes = [
            Digest::sha256(b"1"),
            Digest::sha256(b"2"),
            Digest::sha512(b"1"),
        ];
        let mut keys = Vec::new();
        for digest in digests.iter().chain(&hashes) {
            let write = blobs.begin().await.unwrap();
            keys.push(write.commit(digest).await.unwrap());
        }
        keys.sort();
        for limit in 1..=keys.len() {
            let mut found: Vec<ObjectKey> = Vec::new();
            loop {
                let page = blobs.list(ObjectKind::Committed, found.last(), limit).await;
                let page = page.unwrap();
                if page.is_empty() {
                    break;
                }
                found.extend(page);
            }
            assert_eq!(found, keys, "at most {limit} at once");
        }
    });
}

#[test]
fn hazard_21_a_key_never_leads_out_of_the_store() {
    run(async {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("store");
        let blobs = open(&directory);
        let key = push(&blobs, "hello").await.unwrap();
        let (before, name) = key.as_str().rsplit_once('/').unwrap();
        fs::write(parent.path().join(name), "secret").unwrap();
        fs::create_dir(directory.join("uploads/x")).unwrap();
        let hostile = [
            format!("../{name}"),
            format!("blobs/../../{name}"),
            format!("blobs/sha256/../../../{name}"),
            format!("blobs/sha256/2c/../2c/{name}"),
            format!("blobs//sha256/2c/{name}"),
            format!("./{key}"),
            format!("/{key}"),
            format!("{key}/"),
            format!("{key}\0"),
            key.as_str().replace("2c/", "2d/"),
            key.as_str().to_uppercase(),
            format!("{before}/{}", name.replace('-', "/")),
            format!("uploads/../{key}"),
            format!("uploads/x/../../{key}"),
            "layout".to_owned(),
            "uploads".to_owned(),
            "uploads/".to_owned(),
            "uploads/x".to_owned(),
            parent.path().join(name).to_str().unwrap().to_owned(),
        ];
        for hostile in hostile.map(ObjectKey::new) {
            assert_eq!(blobs.stat(&hostile).await.unwrap(), None, "{hostile:?}");
            let read = pull(&blobs, &hostile).await.unwrap_err();
            assert_eq!(read.kind, StoreErrorKind::Absent, "{hostile:?}");
            blobs.delete(&hostile).await.unwrap();
        }
        assert_eq!(fs::read(parent.path().join(name)).unwrap(), b"secret");
        assert_eq!(pull(&blobs, &key).await.unwrap(), b"hello");
        assert!(directory.join("layout").exists() && directory.join("uploads/x").exists());
    });
}

#[test]
fn what_is_not_the_stores_is_neither_listed_nor_touched() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = open(directory.path());
        let key = push(&blobs, "hello").await.unwrap();
        for foreign in ["blobs/README", "blobs/sha256/2c/notes", "uploads/notes"] {
            fs::write(directory.path().join(foreign), "mine").unwrap();
        }
        fs::create_dir(directory.path().join("lost+found")).unwrap();
        let committed = blobs.list(ObjectKind::Committed, None, 10).await.unwrap();
        assert_eq!(committed, [key]);
        let open = blobs.list(ObjectKind::Unfinished, None, 10).await.unwrap();
        assert_eq!(open, []);
    });
}

#[test]
fn a_store_opens_again_as_it_was() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let key = push(&open(directory.path()), "hello").await.unwrap();
        assert_eq!(pull(&open(directory.path()), &key).await.unwrap(), b"hello");
    });
}

#[test]
fn hazard_10_an_unknown_layout_is_refused_in_words() {
    for content in ["registry blobs, layout 2\n", "", "\0\0\0"] {
        let directory = tempfile::tempdir().unwrap();
        open(directory.path());
        let marker = directory.path().join("layout");
        fs::write(&marker, content).unwrap();
        let error = try_open(directory.path()).unwrap_err();
        assert!(error.message.contains("this version knows"), "{error}");
        assert_eq!(fs::read_to_string(&marker).unwrap(), content);
    }
}

#[test]
fn hazard_10_a_store_without_its_marker_is_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path());
    let marker = directory.path().join("layout");
    fs::remove_file(&marker).unwrap();
    let error = try_open(directory.path()).unwrap_err();
    assert!(error.message.contains("has no file 'layout'"), "{error}");
    assert!(!marker.exists());
}
