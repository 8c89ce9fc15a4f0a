//! To an OCI layout in a tar and back.

use std::{fs, num::NonZeroUsize, path::Path};

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use registry_core::Registry;
use registry_server::testing::TestRegistry;
use registry_transfer::{ArchiveTarget, LayoutSource, LayoutTarget, Transfer};
use tempfile::{TempDir, tempdir};
use tokio::runtime::Runtime;

use crate::{
    empty, local, move_all, moved,
    stock::{assert_same, layer, stocked},
    told,
};

async fn target(path: &Path) -> ArchiveTarget {
    ArchiveTarget::open(path).await.unwrap()
}

async fn source(path: &Path) -> LayoutSource {
    LayoutSource::open_archive(path, None).await.unwrap()
}

/// Why a tar is not opened.
async fn refusal(path: &Path) -> String {
    let refused = LayoutSource::open_archive(path, None).await;
    refused.err().expect("it is opened").to_string()
}

/// Exports everything, an image at a time.
async fn exported(registry: &Registry, path: &Path) {
    let transfer = Transfer::new(local(registry), target(path).await).jobs(NonZeroUsize::MIN);
    assert_eq!(told(&transfer).await.0.failed, 0);
}

fn files(place: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(place.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn a_whole_registry_goes_through_a_tar_that_is_the_same_each_time() {
    let (server, here, place) = (stocked().await, empty(), tempdir().unwrap());
    let (first, second) = (place.path().join("1.tar"), place.path().join("2.tar"));
    exported(server.engine(), &first).await;
    exported(server.engine(), &second).await;
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap());
    let summary = moved(source(&first).await, local(&here)).await;
    assert_eq!((summary.images_found, summary.images_copied), (7, 7));
    assert_same(server.engine(), &here).await;
    let again = moved(source(&first).await, local(&here)).await;
    assert_eq!((again.images_copied, again.bytes), (0, 0));
}

#[tokio::test]
async fn many_at_once_make_a_whole_tar() {
    let (server, here, place) = (stocked().await, empty(), tempdir().unwrap());
    let path = place.path().join("images.tar");
    let transfer = Transfer::new(local(server.engine()), target(&path).await);
    let transfer = transfer.jobs(NonZeroUsize::new(16).unwrap());
    assert_eq!(told(&transfer).await.0.failed, 0);
    moved(source(&path).await, local(&here)).await;
    assert_same(server.engine(), &here).await;
}

#[tokio::test]
async fn a_tar_has_its_name_when_it_is_whole_and_by_one_at_a_time() {
    let (server, place) = (stocked().await, tempdir().unwrap());
    let path = place.path().join("images.tar");
    fs::write(&path, "what was there").unwrap();
    let begun = target(&path).await;
    let second = ArchiveTarget::open(&path).await.err().unwrap();
    assert!(second.to_string().contains("another process"));
    drop(begun);
    assert_eq!(files(&place), ["images.tar"]);
    assert_eq!(fs::read(&path).unwrap(), b"what was there");
    fs::write(place.path().join("images.tar.part"), layer(1, 5_000_000)).unwrap();
    exported(server.engine(), &path).await;
    assert_eq!(files(&place), ["images.tar"]);
    moved(source(&path).await, local(&empty())).await;
    let refused = ArchiveTarget::open(place.path()).await.err().unwrap();
    assert!(refused.to_string().contains("directory"), "{refused}");
}

#[tokio::test]
async fn what_failed_is_not_in_the_tar_and_the_rest_is() {
    let (server, place) = (TestRegistry::start().await, tempdir().unwrap());
    let bad = server.push_image("bad", "v1", &[&layer(2, 40_000)]).await;
    let good = TestRegistry::start().await;
    good.push_image("good", "v1", &[&layer(1, 40_000)]).await;
    let directory = place.path().join("layout");
    for server in [&server, &good] {
        let target = LayoutTarget::open(&directory).await.unwrap();
        moved(local(server.engine()), target).await;
    }
    let damaged = directory
        .join("blobs/sha256")
        .join(bad.layers()[0].encoded());
    fs::write(damaged, layer(9, 40_000)).unwrap();
    let path = place.path().join("images.tar");
    let damaged = LayoutSource::open(&directory, None).await.unwrap();
    let (summary, events) = move_all(damaged, target(&path).await).await;
    assert_eq!(
        (summary.images_copied, summary.failed),
        (1, 1),
        "{events:?}"
    );
    let here = empty();
    moved(source(&path).await, local(&here)).await;
    assert_same(good.engine(), &here).await;
}

#[tokio::test]
async fn what_is_no_tar_of_a_layout_is_refused() {
    let place = tempdir().unwrap();
    let path = place.path().join("images.tar");
    fs::write(&path, [0; 1024]).unwrap();
    assert!(refusal(&path).await.contains("no OCI layout"));
    fs::write(&path, [&[0x1f, 0x8b][..], &[1; 1024]].concat()).unwrap();
    assert!(refusal(&path).await.contains("gunzip"));
    fs::write(&path, "letter").unwrap();
    assert!(refusal(&path).await.contains("cut short"));
}

#[tokio::test]
async fn images_come_under_the_names_that_docker_notes() {
    let (server, here, place) = (TestRegistry::start().await, empty(), tempdir().unwrap());
    server.push_image("team/app", "v1", &[b"layer"]).await;
    let target = LayoutTarget::open(place.path()).await.unwrap();
    moved(local(server.engine()), target).await;
    let index = place.path().join("index.json");
    let text = fs::read_to_string(&index).unwrap();
    let noted = r#"ref.name":"v1","io.containerd.image.name":"docker.io/team/app:v1""#;
    fs::write(&index, text.replace(r#"ref.name":"team/app:v1""#, noted)).unwrap();
    let layout = LayoutSource::open(place.path(), None).await.unwrap();
    moved(layout, local(&here)).await;
    assert_same(server.engine(), &here).await;
}

/// Images: a repository, a tag, and its layers by seed and size.
type Images = Vec<(String, String, Vec<(u8, usize)>)>;

fn images() -> impl Strategy<Value = Images> {
    let layers = prop::collection::vec((any::<u8>(), 0..40_000usize), 0..4);
    prop::collection::vec(("[a-c]{1,2}(/[a-c])?", "[a-z]{1,3}", layers), 0..6)
}

async fn pushed(images: Images) -> TestRegistry {
    let server = TestRegistry::start().await;
    for (repository, tag, layers) in images {
        let layers: Vec<_> = layers
            .iter()
            .map(|(seed, size)| layer(*seed, *size))
            .collect();
        let layers: Vec<_> = layers.iter().map(Vec::as_slice).collect();
        server.push_image(&repository, &tag, &layers).await;
    }
    server
}

fn few_cases() -> Config {
    Config {
        cases: 24,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn any_images_go_through_a_tar(images in images()) {
        Runtime::new().unwrap().block_on(async {
            let (server, here, place) = (pushed(images).await, empty(), tempdir().unwrap());
            let path = place.path().join("images.tar");
            exported(server.engine(), &path).await;
            moved(source(&path).await, local(&here)).await;
            assert_same(server.engine(), &here).await;
        });
    }

    #[test]
    fn a_tar_that_was_changed_brings_nothing_wrong(
        at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        Runtime::new().unwrap().block_on(async {
            let place = tempdir().unwrap();
            let server = pushed(vec![("a".into(), "v1".into(), vec![(1, 20_000), (2, 3)])]).await;
            let path = place.path().join("images.tar");
            exported(server.engine(), &path).await;
            let whole = moved(source(&path).await, local(&empty())).await;
            let mut bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..cut.index(bytes.len() - 512)]).unwrap();
            assert!(LayoutSource::open_archive(&path, None).await.is_err());
            for (at, to) in at {
                let at = at.index(bytes.len());
                bytes[at] = to;
            }
            fs::write(&path, &bytes).unwrap();
            if let Ok(source) = LayoutSource::open_archive(&path, None).await {
                let here = empty();
                let (summary, _) = move_all(source, local(&here)).await;
                if summary.failed == 0 && summary.images_copied == 1 {
                    // The name may have been changed, and nothing else.
                    assert_eq!(summary, whole);
                }
            }
        });
    }
}
