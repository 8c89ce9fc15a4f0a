//! Files that become blobs by a further name.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_core::{AllowAll, Caller, Registry, Trust};
use registry_server::testing::TestRegistry;
use registry_storage::{Durability, InlineSpawner, directory::Directory};
use registry_transfer::{Event, LayoutSource, LayoutTarget, LocalRegistry};
use tempfile::{TempDir, tempdir};

use crate::{
    local, move_all, moved,
    stock::{assert_same, contents, layer, stocked},
};

/// A registry in a directory, beside a layout.
struct Place {
    place: TempDir,
    directory: Directory,
    registry: Registry,
}

impl Place {
    async fn new() -> Self {
        let place = tempdir().unwrap();
        let data = place.path().join("data");
        let directory = Directory::open(data, Durability::Relaxed).unwrap();
        let parts = directory.builder().policy(AllowAll).spawner(InlineSpawner);
        let registry = parts.build().await.unwrap();
        Self {
            place,
            directory,
            registry,
        }
    }

    fn layout(&self) -> PathBuf {
        self.place.path().join("layout")
    }

    async fn fill(&self, server: &TestRegistry) {
        let target = LayoutTarget::open(self.layout()).await.unwrap();
        moved(local(server.engine()), target).await;
    }

    async fn source(&self) -> LayoutSource {
        LayoutSource::open(self.layout(), None).await.unwrap()
    }

    fn target(&self, trust: Trust) -> LocalRegistry {
        let blobs = Arc::new(self.directory.blobs().clone());
        LocalRegistry::new(self.registry.clone(), Caller::anonymous()).files(blobs, trust)
    }
}

fn names(path: &Path) -> u64 {
    fs::metadata(path).unwrap().nlink()
}

#[tokio::test]
async fn large_files_are_linked_and_small_ones_copied() {
    let (server, place) = (stocked().await, Place::new().await);
    place.fill(&server).await;
    let summary = moved(place.source().await, place.target(Trust::Nothing)).await;
    assert_eq!((summary.images_copied, summary.blobs_linked), (7, 2));
    assert!(summary.blobs_copied > 0 && summary.bytes < 70_000);
    assert_same(server.engine(), &place.registry).await;
    let again = moved(place.source().await, place.target(Trust::Nothing)).await;
    assert_eq!((again.images_copied, again.blobs_linked), (0, 0));
    // What was linked outlives the place it came from.
    fs::remove_dir_all(place.layout()).unwrap();
    assert_same(server.engine(), &place.registry).await;
}

#[tokio::test]
async fn hazard_09_a_linked_file_is_verified_and_let_go_where_it_is_wrong() {
    let (server, place) = (TestRegistry::start().await, Place::new().await);
    let bad = server.push_image("bad", "v1", &[&layer(2, 40_000)]).await;
    server.push_image("good", "v1", &[&layer(1, 40_000)]).await;
    place.fill(&server).await;
    let file = place
        .layout()
        .join("blobs/sha256")
        .join(bad.layers()[0].encoded());
    fs::write(&file, layer(9, 40_000)).unwrap();
    let (summary, events) = move_all(place.source().await, place.target(Trust::Nothing)).await;
    assert_eq!((summary.blobs_linked, summary.failed), (1, 1));
    let told = |event: &Event| matches!(event, Event::Failed { image, reason } if image == "bad:v1" && reason.contains("digest"));
    assert!(events.iter().any(told), "{events:?}");
    assert_eq!(names(&file), 1);
    let trusting = moved(place.source().await, place.target(Trust::Digest)).await;
    assert_eq!((trusting.blobs_linked, names(&file)), (1, 2));
    assert!(contents(&place.registry).await.contains_key("bad:v1"));
}
