//! What goes to the server, and in what words.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::TryStreamExt;
use registry_core::{Digest, backend::BlobStore};
use registry_storage::{contract::run, object::ObjectSettings};

use super::{
    OpenBucket, open,
    server::{PART_SIZE, TOKEN, builder, open_with, settings},
};
use crate::s3::proxy::{Fate, proxy};

/// The heads of requests on their way to a bucket.
#[derive(Clone, Default)]
struct Heads {
    heads: Arc<Mutex<Vec<String>>>,
}

impl Heads {
    /// A port where they are noted and passed on.
    fn noted(&self, bucket: &OpenBucket) -> u16 {
        let heads = Arc::clone(&self.heads);
        proxy(bucket.port(), move |request| {
            heads.lock().unwrap().push(request.head.clone());
            Fate::Passed
        })
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.heads.lock().unwrap())
    }
}

/// What a request asks for: its method, and which parameters it has.
fn asked(head: &str) -> String {
    let mut line = head.split(' ');
    let (method, url) = (line.next().unwrap(), line.next().unwrap());
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    format!("{method} {}", names.collect::<Vec<_>>().join(" "))
        .trim_end()
        .to_owned()
}

#[test]
fn an_upload_is_gone_on_with_by_another_client() {
    run(async {
        let (bucket, heads) = (OpenBucket::start().await, Heads::default());
        let port = heads.noted(&bucket);
        let whole = Bytes::from_iter((0..2 * PART_SIZE + 5).map(|at| (at % 251) as u8));
        let half = PART_SIZE as usize + 1;
        let mut write = open(builder(port)).begin().await.unwrap();
        write.append(whole.slice(..half)).await.unwrap();
        let from = write.checkpoint().await.unwrap();
        let other = open(builder(port));
        let mut write = other.resume(&from).await.unwrap();
        write.append(whole.slice(half..)).await.unwrap();
        let key = write.commit(&Digest::sha256(&whole)).await.unwrap();
        let read = other.read(&key, None).await.unwrap();
        let pieces: Vec<_> = read.bytes.try_collect().await.unwrap();
        assert!(pieces.concat() == whole);

        let heads = heads.take();
        let part = "PUT partNumber uploadId";
        let mut requests: Vec<_> = heads.iter().map(|head| asked(head)).collect();
        assert_eq!(requests.pop().unwrap(), "GET");
        let expected = ["POST uploads", part, part, part, part, "POST uploadId"];
        assert_eq!(requests, expected);
        let token = format!("authorization: Bearer {TOKEN}\r\n");
        assert!(heads.iter().all(|head| head.contains(&token)), "{heads:?}");
    });
}

/// It is said where an object begins, whatever its length, and to no part.
#[test]
fn a_storage_class_goes_with_each_object() {
    run(async {
        let (bucket, heads) = (OpenBucket::start().await, Heads::default());
        let settings = ObjectSettings {
            storage_class: Some("NEARLINE".to_owned()),
            ..settings()
        };
        let blobs = open_with(builder(heads.noted(&bucket)), settings);
        for length in [1, PART_SIZE as usize + 1] {
            let bytes = Bytes::from(vec![7; length]);
            let mut write = blobs.begin().await.unwrap();
            write.append(bytes.clone()).await.unwrap();
            write.commit(&Digest::sha256(&bytes)).await.unwrap();
        }
        let class = "x-goog-storage-class: NEARLINE\r\n";
        let heads = heads.take();
        let classed = heads.iter().filter(|head| head.contains(class));
        let classed: Vec<_> = classed.map(|head| asked(head)).collect();
        assert_eq!(classed, ["PUT", "POST uploads"]);
    });
}
