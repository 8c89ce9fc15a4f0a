//! From one registry to another.

use registry_core::{Descriptor, MediaType, Reference, Tag};
use registry_server::testing::TestRegistry;
use registry_transfer::{Event, Glob, Selection, Source, Transfer};

use crate::{
    empty, local, moved, name, remote,
    stock::{assert_same, bytes_from, contents, layer, stocked},
    told,
};

#[tokio::test]
async fn images_of_every_shape_come_from_another_registry() {
    let (server, here) = (stocked().await, empty());
    let summary = moved(remote(&server), local(&here)).await;
    assert_eq!((summary.images_found, summary.images_copied), (7, 7));
    assert_same(server.engine(), &here).await;
}

#[tokio::test]
async fn images_of_every_shape_go_to_another_registry() {
    let (from, server) = (stocked().await, TestRegistry::start().await);
    moved(local(from.engine()), remote(&server)).await;
    assert_same(from.engine(), server.engine()).await;
}

#[tokio::test]
async fn what_is_there_is_not_moved_again() {
    let (from, server) = (stocked().await, TestRegistry::start().await);
    moved(remote(&from), remote(&server)).await;
    server.clear_requests();
    let again = moved(remote(&from), remote(&server)).await;
    assert_eq!((again.images_copied, again.images_present), (0, 7));
    assert_eq!((again.blobs_copied, again.bytes), (0, 0));
    let requests = server.requests();
    assert!(
        requests.iter().all(|it| it.method() == "HEAD"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_layer_that_repositories_share_is_sent_once() {
    let from = TestRegistry::start().await;
    let shared = layer(7, 100_000);
    for repository in ["a", "b", "c"] {
        from.push_image(repository, "v1", &[&shared]).await;
    }
    let server = TestRegistry::start().await;
    let summary = moved(local(from.engine()), remote(&server)).await;
    assert_eq!((summary.blobs_copied, summary.blobs_present), (2, 4));
    assert!(summary.bytes < 2 * shared.len() as u64);
    assert_same(from.engine(), server.engine()).await;
}

#[tokio::test]
async fn filters_choose_repositories_and_tags() {
    let (server, here) = (stocked().await, empty());
    let glob = |text: &str| vec![Glob::parse(text).unwrap()];
    let selection = Selection {
        repositories: glob("team/**"),
        tags: glob("v?"),
    };
    let transfer = Transfer::new(remote(&server), local(&here)).selection(selection);
    assert_eq!(told(&transfer).await.0.images_copied, 2);
    let found = contents(&here).await;
    let tagged: Vec<_> = found.keys().filter(|it| !it.contains("sha256:")).collect();
    assert_eq!(tagged, ["team/app:v1", "team/app:v2"]);
}

#[tokio::test]
async fn a_repository_named_without_a_wildcard_needs_no_catalogue() {
    let (server, here) = (stocked().await, empty());
    let selection = Selection {
        repositories: vec![
            Glob::parse("other").unwrap(),
            Glob::parse("absent").unwrap(),
        ],
        tags: Vec::new(),
    };
    let transfer = Transfer::new(remote(&server), local(&here)).selection(selection);
    let (summary, events) = told(&transfer).await;
    assert_eq!((summary.images_copied, summary.failed), (1, 1));
    assert!(matches!(&events[0], Event::Failed { image, .. } if image == "absent"));
    let requests = server.requests();
    assert!(requests.iter().all(|it| !it.path().contains("_catalog")));
}

#[tokio::test]
async fn a_tag_that_moved_is_moved_after_it() {
    let (from, here) = (TestRegistry::start().await, empty());
    from.push_image("app", "v1", &[b"old"]).await;
    moved(local(from.engine()), local(&here)).await;
    let new = from.push_image("app", "v1", &[b"new"]).await;
    let summary = moved(local(from.engine()), local(&here)).await;
    assert_eq!((summary.images_copied, summary.blobs_copied), (1, 2));
    let tag = Reference::Tag(Tag::parse("v1").unwrap());
    let found = local(&here).manifest(&name("app"), &tag).await.unwrap();
    assert_eq!(&found.unwrap().digest, new.digest());
}

#[tokio::test]
async fn a_blob_is_read_from_any_offset_as_often_as_needed() {
    let server = TestRegistry::start().await;
    let bytes = layer(3, 50_000);
    let digest = server.push_blob("app", &bytes).await;
    let blob = Descriptor::new(MediaType::OCTET_STREAM, digest, bytes.len() as u64);
    let sources: [Box<dyn Source>; 2] =
        [Box::new(remote(&server)), Box::new(local(server.engine()))];
    for source in sources {
        let content = source
            .blob(&name("app"), &blob)
            .await
            .unwrap()
            .unwrap()
            .content;
        for offset in [0, 0, 1, 49_999, 50_000] {
            let from = usize::try_from(offset).unwrap();
            assert!(
                bytes_from(&*content, offset).await == bytes[from..],
                "from {offset}"
            );
        }
    }
}
