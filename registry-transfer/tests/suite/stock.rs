//! Images to move, and everything that is there afterwards.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use registry_core::{
    Caller, Digest, Manifest, ManifestPush, MediaType, Reference, Registry, RepositoryName, Tag,
    backend::TagCondition,
};
use registry_server::testing::TestRegistry;
use registry_transfer::{ImageManifest, Selection, Source};

use crate::{local, name};

/// More than is kept beside the metadata.
pub(crate) fn layer(seed: u8, size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8 ^ seed).collect()
}

/// A registry with images of every shape: seven with a tag.
pub(crate) async fn stocked() -> TestRegistry {
    let server = TestRegistry::start().await;
    let (base, top) = (layer(1, 300_000), layer(2, 70_000));
    let v1 = server.push_image("team/app", "v1", &[&base, &top]).await;
    let v2 = server
        .push_image("team/app", "v2", &[&base, b"small"])
        .await;
    server.push_image("other", "latest", &[&base]).await;
    server.push_index("team/app", "all", &[&v1, &v2]).await;
    let signature = server
        .push_referrer("team/app", v1.descriptor(), "example/signature", b"signed")
        .await;
    server
        .push_referrer("team/app", signature.descriptor(), "example/note", b"seen")
        .await;
    server
        .push_artifact("charts", "1.0", "example/chart", b"chart")
        .await;
    push_sha512(server.engine(), v1.manifest()).await;
    sparse_index(&server).await;
    server
}

async fn push_sha512(registry: &Registry, bytes: &Bytes) {
    let push = registry.open(&Caller::anonymous(), &name("team/app"));
    let push = push.push().await.unwrap();
    let manifest = ManifestPush {
        reference: &Reference::Digest(Digest::sha512(bytes)),
        tags: &[Tag::parse("long").unwrap()],
        content_type: Some(&MediaType::OCI_MANIFEST),
        bytes: bytes.clone(),
        condition: TagCondition::Any,
    };
    push.put_manifest(manifest).await.unwrap();
}

/// An index of an image that is not there.
async fn sparse_index(server: &TestRegistry) {
    let elsewhere = TestRegistry::start().await;
    let absent = elsewhere.push_image("x", "y", &[b"absent"]).await;
    server.push_index("sparse", "index", &[&absent]).await;
}

/// Everything that tags lead to, by repository and tag or digest.
pub(crate) async fn contents(registry: &Registry) -> BTreeMap<String, Bytes> {
    let source = local(registry);
    let mut found = BTreeMap::new();
    for repository in source.repositories(&Selection::default()).await.unwrap() {
        for tag in source.tags(&repository).await.unwrap() {
            let reference = Reference::Tag(tag.clone());
            let manifest = source
                .manifest(&repository, &reference)
                .await
                .unwrap()
                .unwrap();
            found.insert(format!("{repository}:{tag}"), manifest.bytes.clone());
            follow(&source, &repository, manifest, &mut found).await;
        }
    }
    found
}

async fn follow(
    source: &dyn Source,
    repository: &RepositoryName,
    manifest: ImageManifest,
    found: &mut BTreeMap<String, Bytes>,
) {
    let parsed = Manifest::parse(manifest.media_type.as_ref(), manifest.bytes.clone()).unwrap();
    for blob in parsed.blobs() {
        let content = source.blob(repository, blob).await.unwrap().unwrap();
        let bytes: Vec<Bytes> = content
            .content
            .read(0)
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        found.insert(
            format!("{repository} {}", blob.digest),
            bytes.concat().into(),
        );
    }
    let mut next = source
        .referrers(repository, &manifest.digest)
        .await
        .unwrap();
    next.extend(parsed.manifests().iter().map(|child| child.digest.clone()));
    found.insert(format!("{repository}@{}", manifest.digest), manifest.bytes);
    for digest in next {
        let reference = Reference::Digest(digest);
        if let Some(manifest) = source.manifest(repository, &reference).await.unwrap() {
            Box::pin(follow(source, repository, manifest, found)).await;
        }
    }
}

/// Asserts that two registries have the same, without printing all of it.
pub(crate) async fn assert_same(left: &Registry, right: &Registry) {
    let (left, right) = (contents(left).await, contents(right).await);
    let keys = |map: &BTreeMap<String, Bytes>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&left), keys(&right));
    assert!(left == right, "the bytes differ");
}

/// The bytes of content, from an offset on.
pub(crate) async fn bytes_from(content: &dyn registry_client::Content, offset: u64) -> Vec<u8> {
    let stream = content.read(offset).await.unwrap();
    stream
        .map(|bytes| bytes.unwrap())
        .collect::<Vec<_>>()
        .await
        .concat()
}
