//! From the storage directory of the distribution registry.

use std::{collections::BTreeMap, fs, path::Path};

use bytes::Bytes;
use registry_core::Digest;
use registry_server::testing::TestRegistry;
use registry_transfer::{
    DistributionSource, DistributionTarget, Event, LayoutSource, LayoutTarget,
};
use tempfile::{TempDir, tempdir};

use crate::{
    empty, local, move_all, moved,
    stock::{assert_same, contents, stocked},
};

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn data(root: &Path, digest: &Digest) -> std::path::PathBuf {
    let (algorithm, encoded) = (digest.algorithm(), digest.encoded());
    root.join(format!(
        "docker/registry/v2/blobs/{algorithm}/{}/{encoded}/data",
        &encoded[..2]
    ))
}

fn revision(root: &Path, repository: &str, digest: &Digest) -> std::path::PathBuf {
    let manifests = root
        .join("docker/registry/v2/repositories")
        .join(repository);
    let revisions = manifests.join("_manifests/revisions");
    revisions
        .join(digest.algorithm())
        .join(digest.encoded())
        .join("link")
}

/// A storage directory with what a registry has.
fn storage(found: &BTreeMap<String, Bytes>) -> TempDir {
    let place = tempdir().unwrap();
    let root = place.path();
    for (key, bytes) in found {
        if let Some((repository, digest)) = key.split_once('@') {
            let digest = Digest::parse(digest).unwrap();
            write(&data(root, &digest), bytes);
            write(
                &revision(root, repository, &digest),
                digest.as_str().as_bytes(),
            );
        } else if let Some((_, digest)) = key.split_once(' ') {
            write(&data(root, &Digest::parse(digest).unwrap()), bytes);
        } else if let Some((repository, tag)) = key.split_once(':') {
            let digest = match tag {
                "long" => Digest::sha512(bytes),
                _ => Digest::sha256(bytes),
            };
            let repository = root
                .join("docker/registry/v2/repositories")
                .join(repository);
            let link = repository.join(format!("_manifests/tags/{tag}/current/link"));
            write(&link, digest.as_str().as_bytes());
        }
    }
    place
}

async fn source(place: &TempDir) -> DistributionSource {
    DistributionSource::open(place.path()).await.unwrap()
}

#[tokio::test]
async fn images_of_every_shape_come_from_a_storage_directory() {
    let (server, here) = (stocked().await, empty());
    let place = storage(&contents(server.engine()).await);
    let summary = moved(source(&place).await, local(&here)).await;
    assert_eq!((summary.images_found, summary.images_copied), (7, 7));
    assert_same(server.engine(), &here).await;
    let again = moved(source(&place).await, local(&here)).await;
    assert_eq!((again.images_copied, again.bytes), (0, 0));
}

async fn target(place: &TempDir) -> DistributionTarget {
    DistributionTarget::open(place.path()).await.unwrap()
}

#[tokio::test]
async fn images_of_every_shape_go_through_a_storage_directory() {
    let (server, here, place) = (stocked().await, empty(), tempdir().unwrap());
    let summary = moved(local(server.engine()), target(&place).await).await;
    assert_eq!((summary.images_copied, summary.blobs_linked), (7, 0));
    moved(source(&place).await, local(&here)).await;
    assert_same(server.engine(), &here).await;
    let again = moved(local(server.engine()), target(&place).await).await;
    assert_eq!((again.images_copied, again.bytes), (0, 0));
    server.push_image("team/app", "v1", &[b"new"]).await;
    let more = moved(local(server.engine()), target(&place).await).await;
    assert_eq!((more.images_copied, more.blobs_copied), (1, 2));
    moved(source(&place).await, local(&here)).await;
    assert_same(server.engine(), &here).await;
}

#[tokio::test]
async fn what_has_the_wrong_bytes_gets_no_name_in_a_storage_directory() {
    let (server, layout, place) = (
        TestRegistry::start().await,
        tempdir().unwrap(),
        tempdir().unwrap(),
    );
    let bad = server.push_image("bad", "v1", &[b"layer"]).await;
    server.push_image("good", "v1", &[b"other"]).await;
    let to = LayoutTarget::open(layout.path()).await.unwrap();
    moved(local(server.engine()), to).await;
    let digest = &bad.layers()[0];
    let file = layout.path().join("blobs/sha256").join(digest.encoded());
    fs::write(file, "wrong").unwrap();
    let damaged = LayoutSource::open(layout.path(), None).await.unwrap();
    let (summary, _) = move_all(damaged, target(&place).await).await;
    assert_eq!((summary.images_copied, summary.failed), (1, 1));
    assert!(summary.blobs_linked > 0 && !data(place.path(), digest).exists());
    let (summary, _) = move_all(source(&place).await, local(&empty())).await;
    assert_eq!((summary.images_copied, summary.failed), (1, 0));
}

#[tokio::test]
async fn a_directory_of_something_else_or_of_another_export_is_not_written_to() {
    let (place, other) = (tempdir().unwrap(), tempdir().unwrap());
    let _first = target(&place).await;
    let second = DistributionTarget::open(place.path()).await.err().unwrap();
    assert!(second.to_string().contains("another process"));
    fs::write(other.path().join("letter"), "").unwrap();
    let refused = DistributionTarget::open(other.path()).await.err().unwrap();
    assert!(refused.to_string().contains("neither empty nor"));
}

#[tokio::test]
async fn a_revision_without_a_tag_comes_as_well() {
    let server = TestRegistry::start().await;
    let pushed = server.push_image("app", "v1", &[b"layer"]).await;
    let mut found = contents(server.engine()).await;
    found.remove("app:v1");
    let place = storage(&found);
    let (summary, events) = move_all(source(&place).await, local(&empty())).await;
    assert_eq!((summary.images_copied, summary.blobs_copied), (1, 2));
    let image = format!("app@{}", pushed.digest());
    assert_eq!(events, [Event::Copied(image)]);
}

#[tokio::test]
async fn a_manifest_whose_content_is_lost_is_told_and_the_rest_goes_on() {
    let server = TestRegistry::start().await;
    let lost = server.push_image("app", "lost", &[b"lost"]).await;
    let untagged = server.push_image("app", "untagged", &[b"untagged"]).await;
    server.push_image("app", "whole", &[b"whole"]).await;
    let mut found = contents(server.engine()).await;
    found.remove("app:untagged");
    let place = storage(&found);
    fs::remove_file(data(place.path(), lost.digest())).unwrap();
    fs::write(data(place.path(), untagged.digest()), "{}").unwrap();
    let (summary, events) = move_all(source(&place).await, local(&empty())).await;
    assert_eq!(
        (summary.images_copied, summary.failed),
        (1, 2),
        "{events:?}"
    );
}

#[tokio::test]
async fn links_that_are_none_and_names_that_lead_out_are_not_followed() {
    let server = TestRegistry::start().await;
    server.push_image("app", "v1", &[b"layer"]).await;
    let place = storage(&contents(server.engine()).await);
    let repositories = place.path().join("docker/registry/v2/repositories");
    write(
        &repositories.join("app/_manifests/tags/bad/current/link"),
        b"sha256:../../x",
    );
    write(
        &repositories.join("app/_manifests/tags/.hidden/current/link"),
        b"x",
    );
    write(
        &repositories.join("No Name/_manifests/tags/v1/current/link"),
        b"x",
    );
    std::os::unix::fs::symlink(&repositories, repositories.join("loop")).unwrap();
    let here = empty();
    let (summary, _) = move_all(source(&place).await, local(&here)).await;
    assert_eq!((summary.images_copied, summary.failed), (1, 1));
    assert_same(server.engine(), &here).await;
}

#[tokio::test]
async fn a_directory_that_is_no_storage_directory_is_refused() {
    let place = tempdir().unwrap();
    let refused = DistributionSource::open(place.path()).await.err().unwrap();
    assert!(refused.to_string().contains("no storage directory"));
}
