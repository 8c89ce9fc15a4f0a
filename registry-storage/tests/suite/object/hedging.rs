//! Reads that are asked for a second time, in a time of the tests' own.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, future::join};
use object_store::{ObjectStoreExt, path::Path};
use registry_core::backend::{BlobStore, ObjectKey, StoreErrorKind};
use registry_storage::object::{ObjectBlobs, ObjectSettings};
use tokio::time::{Instant, advance, sleep, timeout};

use super::{
    Bucket, Fault, PART_SIZE, bytes, pull, push,
    store::{open, open_with, settings},
};

/// After which a read is asked for a second time: what 95 of a hundred answers took less than.
const AFTER: Duration = Duration::from_millis(96);

const LONG: Duration = Duration::from_secs(3600);

/// A store that has measured enough, and an object in it.
struct Stage {
    bucket: Arc<Bucket>,
    blobs: ObjectBlobs,
    key: ObjectKey,
    whole: Bytes,
}

impl Stage {
    /// Of answers that took 1 to 100 ms.
    async fn new() -> Self {
        let bucket = Arc::<Bucket>::default();
        let hedged = ObjectSettings {
            hedge: Some(95),
            ..settings()
        };
        let blobs = open_with(&bucket, hedged);
        let whole = bytes(4 * PART_SIZE);
        let key = push(&blobs, &whole).await.unwrap();
        let stage = Self {
            bucket,
            blobs,
            key,
            whole,
        };
        stage.bucket.delay((1..=100).map(Duration::from_millis));
        for _ in 0..100 {
            stage.pull().await;
        }
        assert_eq!(stage.asked(), (0, 0));
        stage.bucket.requests();
        stage
    }

    async fn pull(&self) {
        assert_eq!(pull(&self.blobs, &self.key).await.unwrap(), self.whole);
    }

    /// The kind of the error of a read, and how long that took.
    async fn fail(&self) -> (StoreErrorKind, Duration) {
        let begun = Instant::now();
        let error = pull(&self.blobs, &self.key).await.unwrap_err();
        (error.kind, begun.elapsed())
    }

    /// How many second requests there were, and how many of them were answered first.
    fn asked(&self) -> (u64, u64) {
        let figures = self.blobs.hedges().unwrap();
        (figures.requests, figures.won)
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_takes_longer_than_most_is_asked_for_again() {
    let stage = Stage::new().await;
    assert_eq!(stage.blobs.hedges().unwrap().after, Some(AFTER));
    stage.bucket.delay([LONG, Duration::from_millis(4)]);
    let begun = Instant::now();
    stage.pull().await;
    assert_eq!(begun.elapsed(), AFTER + Duration::from_millis(4));
    assert_eq!(stage.bucket.requests(), ["get", "get"]);
    assert_eq!(stage.asked(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_takes_no_longer_is_asked_for_once() {
    let stage = Stage::new().await;
    for delay in [Duration::ZERO, AFTER - Duration::from_millis(1)] {
        stage.bucket.delay([delay]);
        stage.pull().await;
        assert_eq!(stage.bucket.requests(), ["get"]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_is_used_where_it_still_comes_first() {
    let stage = Stage::new().await;
    stage.bucket.delay([AFTER + Duration::from_millis(5), LONG]);
    let begun = Instant::now();
    stage.pull().await;
    assert_eq!(begun.elapsed(), AFTER + Duration::from_millis(5));
    assert_eq!(stage.asked(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_a_slow_answer_is_waited_for() {
    let bucket = Arc::<Bucket>::default();
    let blobs = open(&bucket);
    let key = push(&blobs, &bytes(3)).await.unwrap();
    for _ in 0..100 {
        pull(&blobs, &key).await.unwrap();
    }
    bucket.requests();
    bucket.delay([LONG]);
    let begun = Instant::now();
    pull(&blobs, &key).await.unwrap();
    assert_eq!(begun.elapsed(), LONG);
    assert_eq!(bucket.requests(), ["get"]);
    assert_eq!(blobs.hedges(), None);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_becomes_slow_is_not_asked_twice_for_everything() {
    let stage = Stage::new().await;
    let second = Duration::from_secs(1);
    stage.bucket.delay([second; 1006]);
    for _ in 0..1000 {
        stage.pull().await;
    }
    // A few, and then a second is what most answers take.
    assert_eq!(stage.asked(), (5, 0));
    assert_eq!(stage.bucket.requests().len(), 1005);
    assert_eq!(stage.blobs.hedges().unwrap().after, Some(second));
}

/// Of 1100 reads five percent, where the last thousand each take longer than all before.
#[tokio::test(start_paused = true)]
async fn no_more_is_asked_for_twice_than_the_percentile_leaves() {
    let stage = Stage::new().await;
    stage.bucket.delay((1000..3000).map(Duration::from_millis));
    for _ in 0..1000 {
        stage.pull().await;
    }
    assert_eq!(stage.asked(), (55, 0));
    assert_eq!(stage.bucket.requests().len(), 1055);
}

#[tokio::test(start_paused = true)]
async fn an_error_does_not_beat_an_answer_on_its_way() {
    let stage = Stage::new().await;
    stage.bucket.delay([AFTER * 2, AFTER * 3]);
    stage.bucket.plan("get", Fault::Lost);
    stage.pull().await;
    assert_eq!(stage.bucket.requests(), ["get", "get"]);
    assert_eq!(stage.asked(), (1, 1));

    let stage = Stage::new().await;
    stage.bucket.delay([AFTER * 4, AFTER]);
    let the_second_fails = async {
        sleep(AFTER / 2).await;
        stage.bucket.plan("get", Fault::Lost);
    };
    join(stage.pull(), the_second_fails).await;
    assert_eq!(stage.bucket.requests(), ["get", "get"]);
    assert_eq!(stage.asked(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_always_fails_is_asked_once_or_once_more() {
    let stage = Stage::new().await;
    stage.bucket.plan("get", Fault::Refused);
    assert_eq!(
        stage.fail().await,
        (StoreErrorKind::Unavailable, Duration::ZERO)
    );
    assert_eq!(stage.bucket.requests(), ["get"]);

    stage.bucket.delay([AFTER * 2, AFTER * 3]);
    stage.bucket.plan("get", Fault::Lost);
    stage.bucket.plan("get", Fault::Lost);
    assert_eq!(stage.fail().await, (StoreErrorKind::Unavailable, AFTER * 4));
    assert_eq!(stage.bucket.requests(), ["get", "get"]);
    let after = stage.blobs.hedges().unwrap().after;
    assert_eq!(after, Some(AFTER), "errors measure nothing");
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_gone_whoever_says_so_first() {
    for delays in [[AFTER * 2, LONG], [LONG, AFTER]] {
        let stage = Stage::new().await;
        stage.blobs.delete(&stage.key).await.unwrap();
        stage.bucket.delay(delays);
        assert_eq!(
            stage.fail().await,
            (StoreErrorKind::Absent, AFTER * 2),
            "{delays:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_goes_on_is_asked_for_again_as_well() {
    let stage = Stage::new().await;
    stage.bucket.plan("get", Fault::Broken(700));
    stage.bucket.delay([Duration::ZERO, LONG, Duration::ZERO]);
    let begun = Instant::now();
    stage.pull().await;
    assert!(begun.elapsed() < AFTER * 2);
    assert_eq!(stage.bucket.requests(), ["get", "get", "get"]);
    assert_eq!(stage.asked(), (1, 1));
}

/// Both requests ask for the version that was begun with.
#[tokio::test(start_paused = true)]
async fn a_read_that_goes_on_does_so_in_no_other_object() {
    let stage = Stage::new().await;
    stage.bucket.plan("get", Fault::Broken(10));
    let mut read = stage.blobs.read(&stage.key, None).await.unwrap();
    read.bytes.next().await.unwrap().unwrap();
    let path = Path::from(format!("a/registry/{}", stage.key));
    let other = vec![0; stage.whole.len()];
    let put = stage.bucket.objects().put(&path, other.into()).await;
    put.unwrap();
    stage.bucket.delay([AFTER * 2, AFTER / 2]);
    let error = read.bytes.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    assert_eq!(stage.asked(), (1, 0));
}

/// Whoever goes away has nothing asked for any more.
#[tokio::test(start_paused = true)]
async fn a_read_that_is_dropped_is_not_asked_for_again() {
    let stage = Stage::new().await;
    stage.bucket.delay([LONG; 2]);
    let gone = timeout(AFTER / 2, stage.blobs.read(&stage.key, None)).await;
    assert!(gone.is_err());
    advance(LONG).await;
    assert_eq!(stage.bucket.requests(), ["get"]);
    assert_eq!(stage.asked(), (0, 0));
}
