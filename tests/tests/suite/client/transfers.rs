//! Content there and back.

use bytes::Bytes;
use registry_client::{Client, Error, Repository};
use registry_core::{Digest, Manifest, Reference};
use registry_server::testing::TestRegistry;

use super::{app, builder, client, content, index, name, put_index, tag};

const LARGE: usize = 1_200_000;

async fn read(repository: &Repository, digest: &Digest) -> Bytes {
    let blob = repository.blob(digest).await.unwrap();
    blob.read_all(LARGE).await.unwrap()
}

#[tokio::test]
async fn a_registry_answers() {
    let registry = TestRegistry::start().await;
    client(&registry).ping().await.unwrap();
}

#[tokio::test]
async fn blobs_of_every_size_and_algorithm_come_back_as_they_went() {
    let registry = TestRegistry::start().await;
    let app = app(&registry);
    for size in [0, 1, 2, 4096, 16_384, 16_385, LARGE] {
        let content = content(size);
        for digest in [Digest::sha256(&content), Digest::sha512(&content)] {
            assert_eq!(app.blob_exists(&digest).await.unwrap(), None);
            app.put_blob(&digest, &content).await.unwrap();
            assert_eq!(app.blob_exists(&digest).await.unwrap(), Some(size as u64));
            assert_eq!(read(&app, &digest).await, content);
        }
    }
}

#[tokio::test]
async fn chunks_of_every_size_make_the_same_blob() {
    let registry = TestRegistry::start().await;
    let content = content(1000);
    let digest = Digest::sha256(&content);
    for chunk in [7, 500, 999, 1000, 1001] {
        let client = builder(registry.url()).chunk_size(chunk).build().unwrap();
        let repository = client.repository(&name(&format!("team/chunks-{chunk}")));
        repository.put_blob(&digest, &content).await.unwrap();
        assert_eq!(read(&repository, &digest).await, content);
    }
}

#[tokio::test]
async fn a_blob_under_a_wrong_digest_is_refused() {
    let registry = TestRegistry::start().await;
    let wrong = Digest::sha256(b"other");
    let error = app(&registry)
        .put_blob(&wrong, &content(10))
        .await
        .unwrap_err();
    let Error::Answer(answer) = error else {
        panic!("{error}");
    };
    assert!(answer.has_code("DIGEST_INVALID"), "{answer}");
}

/// What an importer does: the manifest, its blobs, and the same at the other place.
async fn copy(from: &Repository, to: &Repository, reference: &Reference) -> Digest {
    let fetched = from.manifest(reference).await.unwrap();
    let manifest = Manifest::parse(Some(&fetched.media_type), fetched.bytes.clone()).unwrap();
    for descriptor in manifest.config().into_iter().chain(manifest.layers()) {
        let blob = read(from, &descriptor.digest).await;
        to.put_blob(&descriptor.digest, &blob).await.unwrap();
    }
    to.put_manifest(reference, &fetched.media_type, fetched.bytes)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_image_is_copied_from_one_registry_to_another() {
    let (one, other) = (TestRegistry::start().await, TestRegistry::start().await);
    let image = one
        .push_image("team/app", "v1", &[b"layer one", b"layer two"])
        .await;
    let reference = Reference::Tag(tag("v1"));

    let digest = copy(&app(&one), &app(&other), &reference).await;
    assert_eq!(&digest, image.digest());

    let copied = app(&other).manifest(&digest.clone().into()).await.unwrap();
    assert_eq!(&copied.bytes, image.manifest());
    let found = app(&other).manifest_exists(&reference).await.unwrap();
    assert_eq!(found.as_ref(), Some(image.descriptor()));
    assert_eq!(
        &read(&app(&other), &image.layers()[1]).await[..],
        b"layer two"
    );
}

#[tokio::test]
async fn a_blob_is_mounted_where_it_can_be() {
    let registry = TestRegistry::start().await;
    let digest = registry.push_blob("team/base", b"layer").await;
    let app = app(&registry);
    assert!(!app.mount(&digest, &name("team/other")).await.unwrap());
    assert_eq!(app.blob_exists(&digest).await.unwrap(), None);
    assert!(app.mount(&digest, &name("team/base")).await.unwrap());
    assert_eq!(&read(&app, &digest).await[..], b"layer");
}

#[tokio::test]
async fn what_is_deleted_is_gone() {
    let registry = TestRegistry::start().await;
    let app = app(&registry);
    let bytes = index(None, "a/x");
    let digest = put_index(&app, &tag("v1").into(), &bytes).await;
    put_index(&app, &tag("v2").into(), &bytes).await;

    app.delete_tag(&tag("v1")).await.unwrap();
    assert!(
        app.manifest(&tag("v1").into())
            .await
            .unwrap_err()
            .is_not_found()
    );
    app.manifest(&tag("v2").into()).await.unwrap();

    app.delete_manifest(&digest).await.unwrap();
    assert_eq!(app.manifest_exists(&tag("v2").into()).await.unwrap(), None);

    let blob = registry.push_blob("team/app", b"layer").await;
    app.delete_blob(&blob).await.unwrap();
    assert!(app.blob(&blob).await.err().unwrap().is_not_found());
    assert!(app.delete_blob(&blob).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_user_signs_in_and_others_are_told_to() {
    let registry = TestRegistry::builder().user("ann", "s3cret").start().await;
    let digest = Digest::sha256(b"layer");
    let layer = Bytes::from_static(b"layer");
    let push = async |client: Client| {
        let app = client.repository(&name("team/app"));
        app.put_blob(&digest, &layer)
            .await
            .map_err(|error| error.status())
    };
    let signed_in = |password: &str| {
        let password = registry_core::Secret::new(password.to_owned());
        let builder = builder(registry.url()).credentials("ann", password);
        builder.build().unwrap()
    };
    assert_eq!(push(signed_in("s3cret")).await, Ok(()));
    assert_eq!(
        push(signed_in("wrong")).await,
        Err(Some(http::StatusCode::UNAUTHORIZED))
    );
    assert_eq!(
        push(client(&registry)).await,
        Err(Some(http::StatusCode::UNAUTHORIZED))
    );
}
