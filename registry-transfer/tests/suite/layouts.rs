//! To an OCI layout and back.

use std::{fs, os::unix::fs::symlink, path::Path};

use registry_core::Digest;
use registry_server::testing::TestRegistry;
use registry_transfer::{Event, LayoutSource, LayoutTarget};
use tempfile::tempdir;

use crate::{
    empty, local, move_all, moved, name,
    stock::{assert_same, contents, stocked},
};

async fn target(path: &Path) -> LayoutTarget {
    LayoutTarget::open(path).await.unwrap()
}

async fn source(path: &Path) -> LayoutSource {
    LayoutSource::open(path, None).await.unwrap()
}

/// Why a layout is not opened.
async fn refusal(path: &Path) -> String {
    let refused = LayoutSource::open(path, None).await;
    refused.err().expect("it is opened").to_string()
}

#[tokio::test]
async fn a_whole_registry_goes_through_a_layout() {
    let (server, here, place) = (stocked().await, empty(), tempdir().unwrap());
    let path = place.path().join("images");
    moved(local(server.engine()), target(&path).await).await;
    let summary = moved(source(&path).await, local(&here)).await;
    assert_eq!((summary.images_found, summary.images_copied), (7, 7));
    assert_same(server.engine(), &here).await;
}

#[tokio::test]
async fn a_second_export_adds_what_is_new() {
    let (server, place) = (stocked().await, tempdir().unwrap());
    moved(local(server.engine()), target(place.path()).await).await;
    let again = moved(local(server.engine()), target(place.path()).await).await;
    assert_eq!((again.images_copied, again.blobs_copied), (0, 0));
    server.push_image("team/new", "v1", &[b"new"]).await;
    let (more, events) = move_all(local(server.engine()), target(place.path()).await).await;
    assert_eq!(
        (more.images_copied, more.images_present),
        (1, 7),
        "{events:?}"
    );
    let here = empty();
    moved(source(place.path()).await, local(&here)).await;
    assert_same(server.engine(), &here).await;
}

#[tokio::test]
async fn a_layout_of_one_repository_is_told_which_it_is() {
    let place = tempdir().unwrap();
    let server = TestRegistry::start().await;
    server.push_image("app", "v1", &[b"layer"]).await;
    moved(local(server.engine()), target(place.path()).await).await;
    let index = place.path().join("index.json");
    let text = fs::read_to_string(&index).unwrap().replace("app:v1", "v1");
    fs::write(&index, text).unwrap();
    assert!(refusal(place.path()).await.contains("names no repository"));
    let here = empty();
    let unnamed = name("app");
    let source = LayoutSource::open(place.path(), Some(&unnamed))
        .await
        .unwrap();
    moved(source, local(&here)).await;
    assert_same(server.engine(), &here).await;
}

#[tokio::test]
async fn manifests_that_nothing_leads_to_come_from_a_layout() {
    let place = tempdir().unwrap();
    let server = TestRegistry::start().await;
    let pushed = server.push_image("app", "v1", &[b"layer"]).await;
    moved(local(server.engine()), target(place.path()).await).await;
    let index = place.path().join("index.json");
    let untagged = format!("app@{}", pushed.digest());
    let text = fs::read_to_string(&index)
        .unwrap()
        .replace("app:v1", &untagged);
    fs::write(&index, text).unwrap();
    let summary = moved(source(place.path()).await, local(&empty())).await;
    assert_eq!((summary.images_copied, summary.blobs_copied), (1, 2));
}

#[tokio::test]
async fn only_an_empty_directory_or_a_layout_is_written_to_and_by_one_at_a_time() {
    let place = tempdir().unwrap();
    let first = target(place.path()).await;
    let second = LayoutTarget::open(place.path()).await.err().unwrap();
    assert!(second.to_string().contains("another process"));
    drop(first);
    target(place.path()).await;
    let other = tempdir().unwrap();
    fs::write(other.path().join("letter"), "").unwrap();
    let refused = LayoutTarget::open(other.path()).await.err().unwrap();
    assert!(refused.to_string().contains("neither empty nor"));
}

#[tokio::test]
async fn what_an_interrupted_export_has_begun_is_removed_by_the_next() {
    let place = tempdir().unwrap();
    drop(target(place.path()).await);
    let part = place.path().join("blobs/sha256/ab.3.part");
    fs::write(&part, "half").unwrap();
    drop(target(place.path()).await);
    assert!(!part.exists());
}

#[tokio::test]
async fn a_layout_that_names_paths_is_refused() {
    let place = tempdir().unwrap();
    fs::write(
        place.path().join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .unwrap();
    let index = |digest: &str, name: &str| {
        let text = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"a/b","digest":"{digest}","size":2,"annotations":{{"org.opencontainers.image.ref.name":"{name}"}}}}]}}"#
        );
        fs::write(place.path().join("index.json"), text).unwrap();
    };
    index("sha256:../../../../etc/passwd", "app:v1");
    assert!(refusal(place.path()).await.contains("not a digest"));
    index(Digest::sha256(b"").as_str(), "../../app:v1");
    assert!(refusal(place.path()).await.contains("no name"));
}

#[tokio::test]
async fn a_link_and_a_manifest_without_end_are_no_content() {
    let place = tempdir().unwrap();
    let server = TestRegistry::start().await;
    let linked = server.push_image("linked", "v1", &[b"linked"]).await;
    let long = server.push_image("long", "v1", &[b"long"]).await;
    server.push_image("whole", "v1", &[b"whole"]).await;
    moved(local(server.engine()), target(place.path()).await).await;
    let blob = |digest: &Digest| place.path().join("blobs/sha256").join(digest.encoded());
    let layer = blob(&linked.layers()[0]);
    let outside = place.path().join("outside");
    fs::rename(&layer, &outside).unwrap();
    symlink(&outside, &layer).unwrap();
    let file = fs::File::options()
        .write(true)
        .open(blob(long.digest()))
        .unwrap();
    file.set_len(1 << 40).unwrap();
    let here = empty();
    let (summary, events) = move_all(source(place.path()).await, local(&here)).await;
    assert_eq!((summary.images_copied, summary.failed), (1, 2));
    assert!(events.iter().any(|event| {
        matches!(event, Event::Failed { reason, .. } if reason.contains("longer than"))
    }));
    assert!(contents(&here).await.contains_key("whole:v1"));
}
