//! What is not right at the source.

use std::{fs, path::Path};

use registry_core::Digest;
use registry_server::testing::TestRegistry;
use registry_transfer::{Event, LayoutSource, LayoutTarget};
use tempfile::{TempDir, tempdir};

use crate::{
    empty, local, move_all, moved,
    stock::{assert_same, contents, layer},
};

struct Damaged {
    server: TestRegistry,
    place: TempDir,
    /// A layer of `bad:v1`.
    layer: Digest,
}

impl Damaged {
    async fn new() -> Self {
        let (server, place) = (TestRegistry::start().await, tempdir().unwrap());
        server.push_image("good", "v1", &[&layer(1, 40_000)]).await;
        let bad = server
            .push_image("bad", "v1", &[&layer(2, 40_000), b"whole"])
            .await;
        let target = LayoutTarget::open(place.path()).await.unwrap();
        moved(local(server.engine()), target).await;
        let layer = bad.layers()[0].clone();
        Self {
            server,
            place,
            layer,
        }
    }

    fn file(&self) -> impl AsRef<Path> {
        self.place
            .path()
            .join("blobs/sha256")
            .join(self.layer.encoded())
    }

    /// Moves what is there, which must fail for this reason and no other.
    async fn fails(&self, why: &str) {
        let here = empty();
        let source = LayoutSource::open(self.place.path(), None).await.unwrap();
        let (summary, events) = move_all(source, local(&here)).await;
        assert_eq!((summary.images_copied, summary.failed), (1, 1));
        let told = |event: &Event| match event {
            Event::Failed { image, reason } => {
                image == "bad:v1" && reason.contains(self.layer.as_str()) && reason.contains(why)
            }
            _ => false,
        };
        assert!(events.iter().any(told), "{events:?}");
        let found = contents(&here).await;
        assert!(found.contains_key("good:v1") && !found.contains_key("bad:v1"));
    }
}

#[tokio::test]
async fn a_blob_of_other_bytes_is_told_and_the_rest_goes_on() {
    let damaged = Damaged::new().await;
    fs::write(damaged.file(), layer(9, 40_000)).unwrap();
    damaged.fails("digest").await;
}

#[tokio::test]
async fn a_blob_of_another_length_is_told_and_the_rest_goes_on() {
    let damaged = Damaged::new().await;
    fs::write(damaged.file(), layer(2, 39_999)).unwrap();
    damaged.fails("39999 bytes").await;
}

#[tokio::test]
async fn a_blob_that_is_missing_is_told_and_the_rest_goes_on() {
    let damaged = Damaged::new().await;
    fs::remove_file(damaged.file()).unwrap();
    damaged.fails("does not have it").await;
}

#[tokio::test]
async fn what_failed_is_moved_once_it_is_mended() {
    let damaged = Damaged::new().await;
    let here = empty();
    fs::write(damaged.file(), layer(9, 40_000)).unwrap();
    let source = LayoutSource::open(damaged.place.path(), None)
        .await
        .unwrap();
    move_all(source, local(&here)).await;
    fs::write(damaged.file(), layer(2, 40_000)).unwrap();
    let source = LayoutSource::open(damaged.place.path(), None)
        .await
        .unwrap();
    let summary = moved(source, local(&here)).await;
    assert_eq!((summary.images_copied, summary.images_present), (1, 1));
    assert_eq!((summary.blobs_copied, summary.bytes), (1, 40_000));
    assert_same(damaged.server.engine(), &here).await;
}
