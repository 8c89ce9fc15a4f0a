//! How a bucket is told to keep objects, and how requests get there: seen by a proxy between the two.

use reqwest::blocking::Client;

use super::{
    http::{Head, Proxy},
    replica::{PART, Replica, content, sha256},
    services::{Bucket, Postgres, Program},
};

/// Pushes a blob whole.
fn push(replica: &Replica, bytes: &[u8]) -> String {
    let digest = sha256(bytes);
    let url = format!("{}/v2/a/b/blobs/uploads/?digest={digest}", replica.url);
    let answer = Client::new().post(url).body(bytes.to_vec()).send().unwrap();
    assert_eq!(answer.status(), 201, "{:?}", answer.text());
    digest
}

fn pull(replica: &Replica, digest: &str) -> Vec<u8> {
    let url = format!("{}/v2/a/b/blobs/{digest}", replica.url);
    let answer = Client::new().get(url).send().unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().unwrap().to_vec()
}

/// Panics unless each of the requests has this field.
fn assert_field(heads: &[&Head], name: &str, value: &str) {
    assert!(!heads.is_empty(), "none was seen");
    for head in heads {
        assert_eq!(head.field(name), Some(value), "{name} of {}", head.line);
    }
}

#[test]
fn objects_are_kept_as_the_settings_say() {
    let postgres = Postgres::start();
    let bucket = Bucket::of(Program::Minio);
    let proxy = Proxy::start();
    let settings = [
        ("REGISTRY_OBJECTS_PROXY", &*proxy.url),
        ("REGISTRY_OBJECTS_STORAGE_CLASS", "REDUCED_REDUNDANCY"),
        ("REGISTRY_OBJECTS_ENCRYPTION", "kms"),
        ("REGISTRY_OBJECTS_ENCRYPTION_KEY", "its-key"),
        ("REGISTRY_OBJECTS_CHECKSUM", "crc64nvme"),
        ("REGISTRY_OBJECTS_PREFIX", "some/where"),
        ("REGISTRY_OBJECTS_REGION", "some-region"),
    ];
    let settings = settings.map(|(name, value)| (name, value.to_owned()));
    let replica = Replica::start_with(&postgres.create("registry"), &bucket, &settings);
    let (small, large) = (content(1 << 20), content(PART + 9));
    for bytes in [small, large] {
        let digest = push(&replica, &bytes);
        assert!(pull(&replica, &digest) == bytes);
    }

    // One object is a put, the other an upload of parts.
    let puts = proxy.noted(&["PUT", "/some/where/blobs/"]);
    let (parts, whole): (Vec<_>, Vec<_>) = puts
        .into_iter()
        .partition(|(asked, _)| asked.line.contains("uploadId="));
    let made = [whole.clone(), proxy.noted(&["POST", "?uploads"])].concat();
    assert_eq!((whole.len(), parts.len(), made.len()), (1, 2, 2));
    let asked: Vec<_> = made.iter().map(|(asked, _)| asked).collect();
    assert_field(&asked, "x-amz-storage-class", "REDUCED_REDUNDANCY");
    assert_field(&asked, "x-amz-server-side-encryption", "aws:kms");
    assert_field(
        &asked,
        "x-amz-server-side-encryption-aws-kms-key-id",
        "its-key",
    );
    let sent = whole.iter().chain(&parts);
    for (asked, _) in sent.clone() {
        let signed = asked.field("authorization").unwrap();
        assert!(signed.contains("/some-region/s3/"), "{signed}");
        let checksum = asked.field("x-amz-checksum-crc64nvme");
        assert!(checksum.is_some(), "{}", asked.line);
    }

    // The store says that it did so.
    let reads = proxy.noted(&["GET", "/some/where/blobs/"]);
    let said: Vec<_> = reads.iter().map(|(_, answered)| answered).collect();
    assert_field(&said, "x-amz-storage-class", "REDUCED_REDUNDANCY");
    assert_field(&said, "x-amz-server-side-encryption", "aws:kms");
}

/// The bucket's name goes in front of the host's, which the client of the store does not do by itself.
#[test]
fn the_bucket_may_be_in_the_name_of_the_host() {
    let postgres = Postgres::start();
    let mut bucket = Bucket::of(Program::Minio);
    bucket.endpoint = bucket.endpoint.replace("127.0.0.1", "localhost");
    let proxy = Proxy::start();
    let settings = [
        ("REGISTRY_OBJECTS_PROXY", proxy.url.clone()),
        ("REGISTRY_OBJECTS_PATH_STYLE", "false".to_owned()),
    ];
    let replica = Replica::start_with(&postgres.create("registry"), &bucket, &settings);
    push(&replica, &content(1 << 20));
    assert_eq!(
        proxy
            .noted(&["PUT", "http://registry.localhost:", "/blobs/"])
            .len(),
        1
    );
}
