//! How many requests each operation makes: they cost time and money.

use std::sync::Arc;

use registry_core::{Digest, backend::BlobStore};
use registry_storage::contract::run;

use super::{Bucket, PART_SIZE, bytes, open, pull, push, written};

#[test]
fn what_ends_within_its_first_part_is_one_put() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        for length in [0, 1, PART_SIZE - 1, PART_SIZE] {
            push(&blobs, &bytes(length)).await.unwrap();
            assert_eq!(bucket.requests(), ["put"], "{length} bytes");
        }
    });
}

#[test]
fn a_large_push_is_its_parts_and_two_more() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        for (length, parts) in [
            (PART_SIZE + 1, 2),
            (3 * PART_SIZE, 3),
            (3 * PART_SIZE + 1, 4),
        ] {
            push(&blobs, &bytes(length)).await.unwrap();
            let mut expected = vec!["create"];
            expected.extend(vec!["part"; parts]);
            expected.push("complete");
            assert_eq!(bucket.requests(), expected, "{length} bytes");
        }
    });
}

/// As most clients push: all of it in one request, and its end in another, which may come to another
/// process.
#[test]
fn a_push_that_is_committed_by_another_request_costs_no_more() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        for (length, expected) in [
            (PART_SIZE - 1, vec!["put"]),
            (
                2 * PART_SIZE + 1,
                vec!["create", "part", "part", "part", "complete"],
            ),
        ] {
            let bytes = bytes(length);
            let from = written(&open(&bucket), &bytes).await.checkpoint().await;
            let write = open(&bucket).resume(&from.unwrap()).await.unwrap();
            let key = write.commit(&Digest::sha256(&bytes)).await.unwrap();
            assert_eq!(bucket.requests(), expected, "{length} bytes");
            assert_eq!(pull(&open(&bucket), &key).await.unwrap(), bytes);
            bucket.requests();
        }
    });
}

/// Where an upload is gone on with in chunks, each resume sends one byte to see whether it is still there, and what waits
/// for more goes out when it is a part.
#[test]
fn what_comes_in_chunks_is_sent_once() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let (bytes, chunk) = (bytes(3 * PART_SIZE), PART_SIZE as usize / 4);
        let mut write = written(&open(&bucket), &bytes.slice(..chunk)).await;
        let mut from = write.checkpoint().await.unwrap();
        for start in (chunk..bytes.len()).step_by(chunk) {
            let mut write = open(&bucket).resume_to_append(&from).await.unwrap();
            let more = bytes.slice(start..start + chunk);
            write.append(more).await.unwrap();
            from = write.checkpoint().await.unwrap();
        }
        let write = open(&bucket).resume(&from).await.unwrap();
        let key = write.commit(&Digest::sha256(&bytes)).await.unwrap();
        // The first part begins the upload, so four chunks did not look for it.
        assert_eq!(bucket.sent(), bytes.len() + 9);
        assert_eq!(pull(&open(&bucket), &key).await.unwrap(), bytes);
    });
}

#[test]
fn what_reads_and_deletes_is_one_request() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let key = push(&blobs, &bytes(5 * PART_SIZE)).await.unwrap();
        bucket.requests();
        pull(&blobs, &key).await.unwrap();
        assert_eq!(bucket.requests(), ["get"]);
        blobs.read(&key, Some(7..9)).await.unwrap();
        assert_eq!(bucket.requests(), ["get"]);
        blobs.stat(&key).await.unwrap();
        assert_eq!(bucket.requests(), ["head"]);
        blobs.delete(&key).await.unwrap();
        assert_eq!(bucket.requests(), ["delete"]);
    });
}

#[test]
fn giving_up_is_one_request_where_there_is_something() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let short = written(&blobs, &bytes(PART_SIZE)).await;
        short.abort().await.unwrap();
        assert_eq!(bucket.requests(), [""; 0]);

        let long = written(&blobs, &bytes(PART_SIZE + 1)).await;
        long.abort().await.unwrap();
        assert_eq!(bucket.requests().last(), Some(&"abort"));

        let mut left = written(&blobs, &bytes(PART_SIZE + 1)).await;
        left.checkpoint().await.unwrap();
        let key = left.key().clone();
        drop(left);
        bucket.requests();
        open(&bucket).delete(&key).await.unwrap();
        assert_eq!(bucket.requests(), ["abort"]);
        assert_eq!(bucket.uploads(), 0);
    });
}
