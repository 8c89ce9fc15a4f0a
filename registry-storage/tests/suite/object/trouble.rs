//! Commits whose answers are lost, and stores that cannot be trusted with parts.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{ObjectStoreExt, memory::InMemory, path::Path};
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKind, StoreErrorKind},
};
use registry_storage::{
    SystemRandom,
    contract::run,
    object::{ObjectBlobs, ObjectSettings},
};

use super::{
    Bucket, Fault, PART_SIZE, bytes, open, pull, push,
    store::{open_with, settings},
    written,
};

/// A blob of one part, and one of several.
const LENGTHS: [(u64, &str); 2] = [(10, "put"), (2 * PART_SIZE + 1, "complete")];

#[test]
fn hazard_39_a_commit_whose_answer_is_lost_has_happened() {
    run(async {
        for (length, request) in LENGTHS {
            let bucket = Arc::<Bucket>::default();
            let blobs = open(&bucket);
            bucket.plan(request, Fault::Lost);
            let key = push(&blobs, &bytes(length)).await.unwrap();
            assert_eq!(bucket.requests().last(), Some(&"head"));
            assert_eq!(pull(&blobs, &key).await.unwrap(), bytes(length));
        }
    });
}

#[test]
fn a_commit_that_was_refused_leaves_nothing() {
    run(async {
        for (length, request) in LENGTHS {
            let bucket = Arc::<Bucket>::default();
            let blobs = open(&bucket);
            bucket.plan(request, Fault::Refused);
            let error = push(&blobs, &bytes(length)).await.unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
            assert!(error.message.contains("SlowDown"), "{error}");
            let kept = blobs.list(ObjectKind::Committed, None, 10).await.unwrap();
            assert_eq!((kept, bucket.uploads()), (Vec::new(), 0));
        }
    });
}

#[test]
fn hazard_39_a_commit_that_nobody_can_tell_of_is_unknown() {
    run(async {
        for (length, request) in LENGTHS {
            for fault in [Fault::Lost, Fault::Refused] {
                let bucket = Arc::<Bucket>::default();
                bucket.plan(request, fault);
                bucket.plan("head", Fault::Refused);
                let error = push(&open(&bucket), &bytes(length)).await.unwrap_err();
                assert_eq!(error.kind, StoreErrorKind::Unknown, "{error}");
            }
        }
    });
}

/// Another writer of the same write may have made the object that is found: whoever asks has to read it.
#[test]
fn a_lost_commit_of_a_write_with_a_checkpoint_is_not_taken_for_ones_own() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let mut write = written(&blobs, &bytes(PART_SIZE + 1)).await;
        let from = write.checkpoint().await.unwrap();
        let mut other = open(&bucket).resume(&from).await.unwrap();
        let more = Bytes::from_static(b"other");
        other.append(more.clone()).await.unwrap();
        let digest = Digest::sha256(b"not looked at");
        other.commit(&digest).await.unwrap();

        write.append(Bytes::from_static(b"bytes")).await.unwrap();
        let error = write.commit(&digest).await.unwrap_err();
        assert_ne!(error.kind, StoreErrorKind::Unavailable, "{error}");

        let mut write = written(&blobs, &bytes(PART_SIZE + 1)).await;
        write.checkpoint().await.unwrap();
        bucket.plan("complete", Fault::Lost);
        let error = write.commit(&digest).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unknown, "{error}");
    });
}

#[test]
fn a_part_that_is_lost_ends_the_write() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        bucket.plan("part", Fault::Refused);
        let write = written(&blobs, &bytes(3 * PART_SIZE)).await;
        let error = write.commit(&Digest::sha256(b"")).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
        assert!(
            error.message.contains("put part 0 of a/registry/blobs"),
            "{error}"
        );
        assert!(!bucket.requests().contains(&"complete"));
        assert_eq!(bucket.uploads(), 0);
    });
}

/// A write goes on with the parts that it began with, whatever the setting is by then.
#[test]
fn a_part_size_stays_that_of_its_write() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let whole = bytes(5 * PART_SIZE + 3);
        let begun = whole.slice(..2 * PART_SIZE as usize + 7);
        let from = written(&open(&bucket), &begun).await.checkpoint().await;
        let larger = ObjectSettings {
            part_size: 3 * PART_SIZE,
            ..settings()
        };
        let blobs = open_with(&bucket, larger);
        let mut write = blobs.resume(&from.unwrap()).await.unwrap();
        write.append(whole.slice(begun.len()..)).await.unwrap();
        let from = write.checkpoint().await.unwrap();
        assert_eq!(from.offset, whole.len() as u64);
        let write = open(&bucket).resume(&from).await.unwrap();
        let key = write.commit(&Digest::sha256(&whole)).await.unwrap();
        assert_eq!(pull(&blobs, &key).await.unwrap(), whole);
    });
}

#[test]
fn what_needs_more_parts_than_the_store_takes_is_refused_before_it_is_sent() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let few = ObjectSettings {
            most_parts: 3,
            ..settings()
        };
        let blobs = open_with(&bucket, few);
        let most = 3 * PART_SIZE;
        let too_large = StoreErrorKind::TooLarge { most };
        let mut write = blobs.begin().await.unwrap();
        let announced = write.announce(most + 1).await.unwrap_err();
        assert_eq!(announced.kind, too_large, "{announced}");
        write.announce(most).await.unwrap();
        write.append(bytes(most)).await.unwrap();
        let from = write.checkpoint().await.unwrap();
        let more = write.append(bytes(1)).await.unwrap_err();
        assert_eq!(more.kind, too_large, "{more}");
        assert_eq!(bucket.sent(), most as usize);

        let mut write = blobs.resume(&from).await.unwrap();
        let announced = write.announce(1).await.unwrap_err();
        assert_eq!(announced.kind, too_large, "{announced}");
        let key = write.commit(&Digest::sha256(&bytes(most))).await.unwrap();
        assert_eq!(pull(&blobs, &key).await.unwrap(), bytes(most));
    });
}

/// It joins what parts there are, so what a resumed write forgot would be part of its object.
#[test]
fn a_store_that_cannot_tell_parts_apart_is_refused_them() {
    run(async {
        let memory = Arc::new(InMemory::new());
        let random = Arc::new(SystemRandom);
        let blobs = ObjectBlobs::new(memory.clone(), memory, settings(), random).unwrap();
        let short = bytes(PART_SIZE);
        let key = push(&blobs, &short).await.unwrap();
        assert_eq!(pull(&blobs, &key).await.unwrap(), short);

        let error = push(&blobs, &bytes(2 * PART_SIZE)).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
        assert!(error.message.contains("InMemory does not tell"), "{error}");
    });
}

/// What others keep in the bucket is theirs.
#[test]
fn objects_of_others_are_not_listed() {
    run(async {
        let bucket = Arc::<Bucket>::default();
        let blobs = open(&bucket);
        let others = [
            "b/blobs/x",
            "a/registry/blobs/note",
            "a/registryblobs",
            "a/registry/x/y",
        ];
        for path in others {
            let path = Path::from(path);
            bucket.objects().put(&path, "other".into()).await.unwrap();
        }
        let key = push(&blobs, &bytes(3)).await.unwrap();
        let kept = blobs.list(ObjectKind::Committed, None, 10).await.unwrap();
        assert_eq!(kept, [key]);
    });
}

#[test]
fn a_prefix_that_is_no_path_is_refused() {
    let bucket = Arc::<Bucket>::default();
    for prefix in ["a//b", "../a"] {
        let (objects, parts) = super::bucket::views(&bucket);
        let settings = ObjectSettings {
            prefix: prefix.to_owned(),
            ..settings()
        };
        let random = Arc::new(SystemRandom);
        let opened = ObjectBlobs::new(objects, parts, settings, random);
        let error = opened.unwrap_err();
        assert!(error.message.contains(prefix), "{error}");
    }
}
