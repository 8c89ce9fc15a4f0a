//! Preloading: images, indexes, artifacts and referrers put into the engine without the protocol.

use bytes::Bytes;
use futures_util::stream;
use registry_core::{
    Caller, Descriptor, Digest, ManifestPush, MediaType, Push, Reference, Registry, RepositoryName,
    backend::TagCondition,
};
use serde_json::{Value, json};

/// Something pushed into a test registry, with what it consists of.
#[derive(Clone, Debug)]
pub struct Pushed {
    descriptor: Descriptor,
    config: Option<Digest>,
    layers: Vec<Digest>,
    bytes: Bytes,
}

impl Pushed {
    /// The manifest's digest.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.descriptor.digest
    }

    /// How an index or a subject names it.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The configuration's digest; none of an index.
    #[must_use]
    pub fn config(&self) -> Option<&Digest> {
        self.config.as_ref()
    }

    /// The layers' digests, in order.
    #[must_use]
    pub fn layers(&self) -> &[Digest] {
        &self.layers
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Bytes {
        &self.bytes
    }
}

/// Puts content into a registry that allows it. What goes wrong is a mistake in the test and panics.
pub(super) struct Preloader<'a> {
    registry: &'a Registry,
    repository: RepositoryName,
}

impl<'a> Preloader<'a> {
    pub(super) fn new(registry: &'a Registry, repository: &str) -> Self {
        let repository =
            RepositoryName::parse(repository).unwrap_or_else(|error| panic!("{error}"));
        Self {
            registry,
            repository,
        }
    }

    pub(super) async fn image(&self, tag: &str, layers: &[&[u8]]) -> Pushed {
        let mut descriptors = Vec::new();
        for layer in layers {
            descriptors.push(
                self.blob("application/vnd.oci.image.layer.v1.tar", layer)
                    .await,
            );
        }
        let diff_ids: Vec<_> = descriptors.iter().map(|layer| &layer.digest).collect();
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let config = self
            .blob(
                "application/vnd.oci.image.config.v1+json",
                config.to_string().as_bytes(),
            )
            .await;
        let manifest = manifest(&config, &descriptors, json!({}));
        self.put(tag, manifest, Some(config.digest), &descriptors)
            .await
    }

    pub(super) async fn index(&self, tag: &str, children: &[&Pushed]) -> Pushed {
        let children: Vec<_> = children.iter().map(|child| &child.descriptor).collect();
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": children,
        });
        self.put(tag, index, None, &[]).await
    }

    pub(super) async fn artifact(
        &self,
        tag: Option<&str>,
        artifact_type: &str,
        subject: Option<&Descriptor>,
        content: &[u8],
    ) -> Pushed {
        let layer = self.blob("application/octet-stream", content).await;
        let config = self.blob("application/vnd.oci.empty.v1+json", b"{}").await;
        let mut rest = json!({ "artifactType": artifact_type });
        if let Some(subject) = subject {
            rest["subject"] = json!(subject);
        }
        let manifest = manifest(&config, std::slice::from_ref(&layer), rest);
        let tag = tag.map_or_else(|| digest_of(&manifest), str::to_owned);
        self.put(&tag, manifest, Some(config.digest), &[layer])
            .await
    }

    /// Pushes a blob.
    pub(super) async fn blob(&self, media_type: &str, bytes: &[u8]) -> Descriptor {
        let descriptor = Descriptor::of(media(media_type), bytes);
        self.raw_blob(&descriptor.digest, Bytes::copy_from_slice(bytes))
            .await;
        descriptor
    }

    /// Pushes a blob under a digest of any algorithm.
    pub(super) async fn raw_blob(&self, digest: &Digest, bytes: Bytes) {
        let mut body = stream::iter([Ok(bytes)]);
        self.push()
            .await
            .put_blob(digest, &mut body)
            .await
            .unwrap_or_else(|e| panic!("{e}"));
    }

    /// Pushes a manifest as it stands.
    pub(super) async fn raw_manifest(
        &self,
        reference: &Reference,
        content_type: &MediaType,
        bytes: Bytes,
    ) -> Digest {
        let push = ManifestPush {
            reference,
            tags: &[],
            content_type: Some(content_type),
            bytes,
            condition: TagCondition::Any,
        };
        let pushed = self.push().await.put_manifest(push).await;
        pushed.unwrap_or_else(|error| panic!("{error}")).digest
    }

    async fn put(
        &self,
        reference: &str,
        manifest: Value,
        config: Option<Digest>,
        layers: &[Descriptor],
    ) -> Pushed {
        let bytes = Bytes::from(manifest.to_string());
        let media_type = media(manifest["mediaType"].as_str().unwrap_or_default());
        let reference = Reference::parse(reference).unwrap_or_else(|error| panic!("{error}"));
        self.raw_manifest(&reference, &media_type, bytes.clone())
            .await;
        let descriptor = Descriptor::of(media_type, &bytes);
        let layers = layers.iter().map(|layer| layer.digest.clone()).collect();
        Pushed {
            descriptor,
            config,
            layers,
            bytes,
        }
    }

    async fn push(&self) -> Push {
        let preloader = Caller::named("preloader");
        let opening = self.registry.open(&preloader, &self.repository);
        opening
            .push()
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

fn manifest(config: &Descriptor, layers: &[Descriptor], rest: Value) -> Value {
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": layers,
    });
    if let (Value::Object(manifest), Value::Object(rest)) = (&mut manifest, rest) {
        manifest.extend(rest);
    }
    manifest
}

fn media(text: &str) -> MediaType {
    MediaType::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn digest_of(manifest: &Value) -> String {
    Digest::sha256(manifest.to_string().as_bytes()).to_string()
}
