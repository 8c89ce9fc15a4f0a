//! A read whose first request hangs on the way to a server.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures_util::TryStreamExt;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey},
};
use registry_storage::{
    contract::run,
    object::{HedgeFigures, ObjectBlobs, ObjectSettings},
};

use super::{
    Bucket, Program, open,
    proxy::{Fate, proxy},
    server::{open_with, settings},
};

/// So many reads are measured before any is asked for twice.
const ENOUGH: usize = 100;

/// What goes through a proxy to a bucket.
#[derive(Default)]
struct Watched {
    gets: AtomicUsize,
    /// The next read hangs.
    hold: AtomicBool,
}

impl Watched {
    /// A store behind it.
    fn open(self: &Arc<Self>, bucket: &Bucket, settings: ObjectSettings) -> ObjectBlobs {
        let watched = Arc::clone(self);
        let port = proxy(bucket.port(), move |request| {
            if !request.head.starts_with("GET ") {
                return Fate::Passed;
            }
            watched.gets.fetch_add(1, Ordering::SeqCst);
            match watched.hold.swap(false, Ordering::SeqCst) {
                true => Fate::Held,
                false => Fate::Passed,
            }
        });
        let client = bucket.builder("content");
        let client = client.with_endpoint(format!("http://127.0.0.1:{port}"));
        open_with(client.build().unwrap(), settings)
    }

    /// How many requests a read makes.
    async fn pull(&self, blobs: &ObjectBlobs, key: &ObjectKey, whole: &Bytes) -> usize {
        self.gets.store(0, Ordering::SeqCst);
        let read = blobs.read(key, None).await.unwrap();
        let pieces: Vec<_> = read.bytes.try_collect().await.unwrap();
        assert!(pieces.concat() == *whole);
        self.gets.load(Ordering::SeqCst)
    }
}

async fn push(bucket: &Bucket, bytes: &Bytes) -> ObjectKey {
    let blobs = open(bucket.builder("content").build().unwrap());
    let mut write = blobs.begin().await.unwrap();
    write.append(bytes.clone()).await.unwrap();
    write.commit(&Digest::sha256(bytes)).await.unwrap()
}

#[test]
fn a_read_that_hangs_is_answered_by_a_second_request() {
    run(async {
        let bucket = Bucket::start(Program::Minio).await;
        let whole = Bytes::from(vec![7; 100_000]);
        let key = push(&bucket, &whole).await;
        let watched = Arc::<Watched>::default();
        let hedged = ObjectSettings {
            hedge: Some(95),
            ..settings()
        };
        let blobs = watched.open(&bucket, hedged);
        for _ in 0..ENOUGH {
            assert_eq!(watched.pull(&blobs, &key, &whole).await, 1);
        }
        watched.hold.store(true, Ordering::SeqCst);
        assert_eq!(watched.pull(&blobs, &key, &whole).await, 2);
        let HedgeFigures { requests, won, .. } = blobs.hedges().unwrap();
        assert_eq!((requests, won), (1, 1));
    });
}

#[test]
fn by_default_each_read_is_one_request() {
    run(async {
        let bucket = Bucket::start(Program::Minio).await;
        let whole = Bytes::from(vec![7; 100_000]);
        let key = push(&bucket, &whole).await;
        let watched = Arc::<Watched>::default();
        let blobs = watched.open(&bucket, settings());
        for _ in 0..2 * ENOUGH {
            assert_eq!(watched.pull(&blobs, &key, &whole).await, 1);
        }
        assert_eq!(blobs.hedges(), None);
    });
}
