//! Whose a bucket is, where two say it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use registry_storage::contract::run;

use super::{OpenBucket, open, server::builder};
use crate::s3::proxy::{Fate, Request, proxy};

/// Google's words for a put of what must not be there yet. MinIO does not know them, and writes over it.
const IF_ABSENT: &str = "x-goog-if-generation-match: 0\r\n";

/// S3's words for the same.
const IF_ABSENT_OF_S3: &str = "if-none-match: *\r\n";

/// A port behind which the server knows the condition.
fn knowing_the_condition(
    bucket: &OpenBucket,
    first: impl Fn(&mut Request) + Send + Sync + 'static,
) -> u16 {
    proxy(bucket.port(), move |request| {
        first(request);
        request.head = request.head.replace(IF_ABSENT, IF_ABSENT_OF_S3);
        Fate::Passed
    })
}

#[test]
fn a_bucket_belongs_to_the_first_registry() {
    run(async {
        let bucket = OpenBucket::start().await;
        let blobs = open(bucket.builder());
        blobs.probe().await.unwrap_err();
        for _ in 0..2 {
            blobs.belong_to(&[1; 16]).await.unwrap();
            blobs.probe().await.unwrap();
        }
        let refused = blobs.belong_to(&[2; 16]).await.unwrap_err();
        assert!(refused.message.contains("another registry"), "{refused}");
    });
}

/// One of them looked before the other had written.
#[test]
fn a_bucket_is_not_taken_from_who_was_faster() {
    run(async {
        let bucket = OpenBucket::start().await;
        open(bucket.builder()).belong_to(&[1; 16]).await.unwrap();
        let looked = AtomicBool::new(false);
        let port = knowing_the_condition(&bucket, move |request| {
            if request.head.starts_with("GET ") && !looked.swap(true, Ordering::SeqCst) {
                request.head = request.head.replacen("registry%2Fregistry", "absent", 1);
            }
        });
        let late = open(builder(port)).belong_to(&[2; 16]).await.unwrap_err();
        assert!(late.message.contains("another registry"), "{late}");
        open(bucket.builder()).belong_to(&[1; 16]).await.unwrap();
    });
}
