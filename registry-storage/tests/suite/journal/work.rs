//! Work that changes everything a journal tells of.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use registry_core::{
    AllowAll, BodyError, Caller, Digest, ManifestPush, References, Registry, RepositoryName,
    Settings, Task, backend::TagCondition,
};
use registry_storage::directory::Directory;

/// Runs what must come to its end on the test's own runtime.
pub(crate) fn spawn(task: Task) {
    tokio::spawn(task);
}

/// A registry that collects without waiting. Contents above a hundred bytes are files.
pub(crate) async fn registry(directory: &Directory) -> Registry {
    let settings = Settings {
        grace: Duration::ZERO,
        inline_limit: 100,
        references: References::Strict,
        ..Settings::default()
    };
    let parts = directory.builder().policy(AllowAll).spawner(spawn);
    parts.settings(settings).build().await.unwrap()
}

/// What comes next, by a seed.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

pub(crate) fn blob(number: u64) -> Bytes {
    let length = if number.is_multiple_of(2) { 20 } else { 300 };
    let mut text = format!("blob {number} ");
    text.extend(std::iter::repeat_n('.', length));
    text.into()
}

fn repository(chance: &mut Chance) -> RepositoryName {
    let names = ["team/app", "team/tool", "alone", "other/app"];
    names[chance.below(4) as usize].parse().unwrap()
}

pub(crate) async fn push_blob(registry: &Registry, name: &RepositoryName, bytes: Bytes) -> Digest {
    let push = registry.open(&Caller::anonymous(), name).push();
    let digest = Digest::sha256(&bytes);
    let mut body = stream::iter([Ok::<_, BodyError>(bytes)]);
    push.await
        .unwrap()
        .put_blob(&digest, &mut body)
        .await
        .unwrap();
    digest
}

/// Pushes an image, by its digest where no tag is given.
pub(crate) async fn push_image(
    registry: &Registry,
    name: &RepositoryName,
    layer: Bytes,
    tag: Option<&str>,
) -> Digest {
    let size = layer.len();
    let layer = push_blob(registry, name, layer).await;
    let config = push_blob(registry, name, Bytes::from_static(b"{}")).await;
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
        "config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":2}},
        "layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{layer}","size":{size}}}]}}"#
    );
    let digest = Digest::sha256(manifest.as_bytes());
    let reference = tag.map_or_else(|| digest.to_string(), str::to_owned);
    let reference = reference.parse().unwrap();
    let push = registry
        .open(&Caller::anonymous(), name)
        .push()
        .await
        .unwrap();
    let pushed = push.put_manifest(ManifestPush {
        reference: &reference,
        tags: &[],
        content_type: None,
        bytes: manifest.into(),
        condition: TagCondition::Any,
    });
    pushed.await.unwrap().digest
}

/// Does one thing; what is refused is done as well.
pub(crate) async fn work(registry: &Registry, chance: &mut Chance) {
    let (name, caller) = (repository(chance), Caller::anonymous());
    let (number, tag) = (chance.below(12), format!("t{}", chance.below(4)));
    let opening = || registry.open(&caller, &name);
    match chance.below(20) {
        0..4 => drop(push_blob(registry, &name, blob(number)).await),
        4..9 => drop(push_image(registry, &name, blob(number), Some(&tag)).await),
        9..11 => drop(push_image(registry, &name, blob(number), None).await),
        11..13 => {
            let from = repository(chance);
            let digest = Digest::sha256(&blob(number));
            let push = opening().push().await.unwrap();
            drop(push.mount(&digest, Some(&from)).await);
        }
        13..15 => {
            let delete = opening().delete().await.unwrap();
            drop(delete.tag(&tag.parse().unwrap(), &TagCondition::Any).await);
        }
        15 => {
            let delete = opening().delete().await.unwrap();
            drop(delete.blob(&Digest::sha256(&blob(number))).await);
        }
        16..18 => {
            // Whatever it is the digest of, if it is there.
            let digest = push_image(registry, &name, blob(number), None).await;
            let delete = opening().delete().await.unwrap();
            drop(delete.manifest(&digest).await);
        }
        _ => drop(registry.collect().await.unwrap()),
    }
}
