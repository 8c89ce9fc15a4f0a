//! Registries with an image and tags in them.

use std::future::Future;

use bytes::Bytes;
use registry_core::{
    AllowAll, Caller, Digest, ManifestPush, Reference, Registry, RepositoryName, Tag,
    backend::TagCondition,
};
use registry_server::TokioSpawner;
use registry_storage::{Durability, directory::Directory, memory};
use tokio::runtime::Runtime;

/// How many tags its repository has.
const TAGS: usize = 200;

/// The size of a blob that is kept with the metadata.
const SMALL: usize = 4 << 10;

pub(crate) struct Sample {
    pub(crate) registry: Registry,
    pub(crate) name: RepositoryName,
    pub(crate) blob: Digest,
    pub(crate) digest: Digest,
    pub(crate) manifest: Bytes,
}

pub(crate) fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// An image manifest of so many layers, which nobody has.
pub(crate) fn manifest_of(layers: usize) -> Bytes {
    let layer = |number: usize| {
        let digest = Digest::sha256(&number.to_le_bytes());
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{digest}","size":{number}}}"#
        )
    };
    let layers: Vec<_> = (1..=layers).map(layer).collect();
    let config = layer(0).replace("layer.v1.tar+gzip", "config.v1+json");
    Bytes::from(format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{config},"layers":[{}],"annotations":{{"org.opencontainers.image.created":"2026-11-21T00:00:00Z"}}}}"#,
        layers.join(",")
    ))
}

impl Sample {
    pub(crate) fn in_memory(runtime: &Runtime) -> Self {
        runtime.block_on(Self::filled(async { memory::registry() }))
    }

    pub(crate) fn on_disk(runtime: &Runtime, path: &std::path::Path) -> Self {
        runtime.block_on(Self::filled(async {
            let directory = Directory::open(path, Durability::Strict).expect("a directory");
            let builder = directory.builder().policy(AllowAll);
            let built = builder.spawner(TokioSpawner::current()).build().await;
            built.expect("a registry")
        }))
    }

    async fn filled(registry: impl Future<Output = Registry>) -> Self {
        let registry = registry.await;
        let name: RepositoryName = "team/app".parse().expect("a name");
        let push = registry.open(&Caller::anonymous(), &name).push();
        let push = push.await.expect("a permit");
        let bytes = Bytes::from(vec![7; SMALL]);
        let blob = Digest::sha256(&bytes);
        let mut body = futures_util::stream::iter([Ok(bytes)]);
        push.put_blob(&blob, &mut body).await.expect("a blob");
        let manifest = Bytes::from_static(
            br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#,
        );
        let sample = Self {
            digest: Digest::sha256(&manifest),
            registry,
            name,
            blob,
            manifest,
        };
        for number in 0..TAGS {
            sample.tag(&format!("v{number:03}")).await;
        }
        sample
    }

    /// Has a tag lead to the manifest.
    pub(crate) async fn tag(&self, tag: &str) {
        let push = self.registry.open(&Caller::anonymous(), &self.name).push();
        let push = push.await.expect("a permit");
        let manifest = ManifestPush {
            reference: &Reference::Digest(self.digest.clone()),
            tags: &[tag.parse::<Tag>().expect("a tag")],
            content_type: None,
            bytes: self.manifest.clone(),
            condition: TagCondition::Any,
        };
        push.put_manifest(manifest).await.expect("a manifest");
    }
}
