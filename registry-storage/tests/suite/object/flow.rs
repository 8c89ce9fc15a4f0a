//! Parts on their way: how many at once, and how much memory they may hold.

use std::sync::Arc;

use futures_util::FutureExt;
use registry_core::{Digest, backend::BlobStore};
use registry_storage::{contract::run, object::ObjectSettings};

use super::{
    Bucket, PART_SIZE, bytes, pull,
    store::{open_with, settings},
};

/// Lets what is spawned run, as far as it can.
async fn rest() {
    crate::waiting::wait(64).await;
}

#[test]
fn parts_go_out_while_more_comes() {
    run(async {
        let bucket = Arc::new(Bucket::gated());
        let blobs = open_with(&bucket, settings());
        let whole = bytes(3 * PART_SIZE);
        let mut write = blobs.begin().await.unwrap();
        write
            .append(whole.slice(..PART_SIZE as usize + 1))
            .await
            .unwrap();
        rest().await;
        assert_eq!(bucket.requests(), ["create", "part"]);
        // The store has not answered, and more is taken.
        write
            .append(whole.slice(PART_SIZE as usize + 1..))
            .await
            .unwrap();
        rest().await;
        assert_eq!(bucket.requests(), ["part"]);
        bucket.let_through(3);
        let key = write.commit(&Digest::sha256(&whole)).await.unwrap();
        assert_eq!(bucket.requests(), ["part", "complete"]);
        assert_eq!(pull(&blobs, &key).await.unwrap(), whole);
    });
}

#[test]
fn no_more_parts_are_on_their_way_than_the_setting_says() {
    run(async {
        let bucket = Arc::new(Bucket::gated());
        let two = ObjectSettings {
            in_flight: 2,
            ..settings()
        };
        let blobs = open_with(&bucket, two);
        let whole = bytes(4 * PART_SIZE);
        let mut write = blobs.begin().await.unwrap();
        let mut append = write.append(whole.clone());
        for _ in 0..3 {
            assert!((&mut append).now_or_never().is_none());
            rest().await;
        }
        assert_eq!(bucket.requests(), ["create", "part", "part"]);
        bucket.let_through(1);
        append.await.unwrap();
        rest().await;
        assert_eq!(bucket.requests(), ["part"]);
        bucket.let_through(3);
        let key = write.commit(&Digest::sha256(&whole)).await.unwrap();
        assert_eq!(pull(&blobs, &key).await.unwrap(), whole);
    });
}

/// Two writers, and room for one part: the second waits for the first, and both end.
#[test]
fn hazard_34_all_writers_share_one_budget() {
    run(async {
        let part_size = 2 << 10;
        let small = ObjectSettings {
            part_size,
            budget: part_size,
            ..settings()
        };
        let bucket = Arc::new(Bucket::gated());
        let blobs = open_with(&bucket, small);
        let whole = bytes(3 * part_size);
        let mut first = blobs.begin().await.unwrap();
        first.append(whole.slice(..100)).await.unwrap();
        let mut second = blobs.begin().await.unwrap();
        let mut waiting = second.append(whole.clone());
        assert!((&mut waiting).now_or_never().is_none());

        bucket.let_through(100);
        let digest = Digest::sha256(&whole);
        let all = async {
            first.append(whole.slice(100..)).await?;
            first.commit(&digest).await
        };
        let (first, waited) = futures_util::future::join(all, waiting).await;
        waited.unwrap();
        for key in [first.unwrap(), second.commit(&digest).await.unwrap()] {
            assert_eq!(pull(&blobs, &key).await.unwrap(), whole);
        }
    });
}

/// What is much shorter than a part waits for nobody.
#[test]
fn small_content_does_not_wait_for_the_budget() {
    run(async {
        let part_size = 8 << 10;
        let small = ObjectSettings {
            part_size,
            budget: part_size,
            ..settings()
        };
        let blobs = open_with(&Arc::default(), small);
        let mut large = blobs.begin().await.unwrap();
        large.append(bytes(part_size / 2)).await.unwrap();
        let key = super::push(&blobs, &bytes(part_size / 64)).await.unwrap();
        assert_eq!(pull(&blobs, &key).await.unwrap(), bytes(part_size / 64));
    });
}
