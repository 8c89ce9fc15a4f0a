//! A registry in memory with its parts at hand.

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_executor::block_on;
use futures_util::{FutureExt, stream};
use registry_core::{
    AllowAll, BodyError, Builder, Caller, Digest, Error, ManifestPush, MediaType, PushedBlob,
    PushedManifest, Reference, Registry, RepositoryName, Result, Settings, Tag, UploadId,
    backend::{BlobStore, ObjectKind, TagCondition},
};
use registry_storage::{
    InlineSpawner, ManualClock,
    memory::{MemoryBlobs, MemoryMetadata},
};
use serde_json::{Value, json};

use super::shortened::Shortened;

/// More than is kept with the metadata, so that the store has it.
pub(super) const LARGE: usize = 40_000;

pub(super) struct Fixture {
    pub(super) registry: Registry,
    pub(super) blobs: Arc<MemoryBlobs>,
    pub(super) metadata: Arc<MemoryMetadata>,
    pub(super) clock: ManualClock,
    pub(super) caller: Caller,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::with(Settings::default(), |builder| builder.policy(AllowAll))
    }

    pub(super) fn with(settings: Settings, parts: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = ManualClock::default();
        let blobs = Arc::new(MemoryBlobs::default());
        let metadata = Arc::new(MemoryMetadata::new(Arc::new(clock.clone())));
        let registry = another(&blobs, &metadata, settings, parts);
        Self {
            registry,
            blobs,
            metadata,
            clock,
            caller: Caller::named("ada"),
        }
    }

    /// The registry over the same parts, whose disk lost the end of every object.
    pub(super) fn shortened(&self) -> Self {
        let blobs = Arc::new(Shortened(Arc::clone(&self.blobs)));
        self.over(&self.metadata, |builder| builder.blobs(blobs))
    }

    /// Another registry over the same store, whose metadata knows nothing of it.
    pub(super) fn beside(&self) -> Self {
        let metadata = Arc::new(MemoryMetadata::new(Arc::new(self.clock.clone())));
        self.over(&metadata, |builder| builder)
    }

    fn over(&self, metadata: &Arc<MemoryMetadata>, parts: impl FnOnce(Builder) -> Builder) -> Self {
        let registry = another(&self.blobs, metadata, Settings::default(), |builder| {
            parts(builder.policy(AllowAll))
        });
        Self {
            registry,
            metadata: Arc::clone(metadata),
            ..self.as_caller(self.caller.clone())
        }
    }

    pub(super) fn as_caller(&self, caller: Caller) -> Self {
        let Self {
            registry,
            blobs,
            metadata,
            clock,
            ..
        } = self;
        let (registry, clock) = (registry.clone(), clock.clone());
        let (blobs, metadata) = (Arc::clone(blobs), Arc::clone(metadata));
        Self {
            registry,
            blobs,
            metadata,
            clock,
            caller,
        }
    }

    pub(super) async fn put_blob(&self, name: &str, bytes: &[u8]) -> Result<PushedBlob> {
        let push = self
            .registry
            .open(&self.caller, &repository(name))
            .push()
            .await?;
        push.put_blob(&Digest::sha256(bytes), &mut body(&[bytes]))
            .await
    }

    pub(super) async fn blob(&self, name: &str, digest: &Digest) -> Result<Bytes> {
        let pull = self
            .registry
            .open(&self.caller, &repository(name))
            .pull()
            .await?;
        pull.blob(digest).await?.read_all().await
    }

    pub(super) async fn put(
        &self,
        name: &str,
        to: &str,
        manifest: &Value,
    ) -> Result<PushedManifest> {
        self.put_if(name, to, manifest, TagCondition::Any).await
    }

    pub(super) async fn put_if(
        &self,
        name: &str,
        to: &str,
        manifest: &Value,
        condition: TagCondition,
    ) -> Result<PushedManifest> {
        let push = self
            .registry
            .open(&self.caller, &repository(name))
            .push()
            .await?;
        let reference = reference(to);
        let bytes = Bytes::from(manifest.to_string());
        push.put_manifest(ManifestPush {
            reference: &reference,
            tags: &[],
            content_type: None,
            bytes,
            condition,
        })
        .await
    }

    /// Pushes an image of one layer, and answers its manifest's digest.
    pub(super) async fn image(&self, name: &str, to: &str, layer: &[u8]) -> Digest {
        self.put_blob(name, layer).await.unwrap();
        self.put_blob(name, b"{}").await.unwrap();
        self.put(name, to, &image(&[layer])).await.unwrap().digest
    }

    pub(super) async fn manifest(&self, name: &str, at: &str) -> Result<Digest> {
        let pull = self
            .registry
            .open(&self.caller, &repository(name))
            .pull()
            .await?;
        Ok(pull.manifest(&reference(at)).await?.digest)
    }

    pub(super) async fn delete_tag(&self, name: &str, at: &str) -> Result<()> {
        let delete = self
            .registry
            .open(&self.caller, &repository(name))
            .delete()
            .await?;
        delete.tag(&tag(at), &TagCondition::Any).await
    }

    pub(super) async fn delete_manifest(&self, name: &str, digest: &Digest) -> Result<()> {
        self.registry
            .open(&self.caller, &repository(name))
            .delete()
            .await?
            .manifest(digest)
            .await
    }

    pub(super) async fn delete_blob(&self, name: &str, digest: &Digest) -> Result<()> {
        self.registry
            .open(&self.caller, &repository(name))
            .delete()
            .await?
            .blob(digest)
            .await
    }

    pub(super) async fn begin(&self, name: &str) -> UploadId {
        let push = self
            .registry
            .open(&self.caller, &repository(name))
            .push()
            .await
            .unwrap();
        push.begin_upload(None).unwrap()
    }

    pub(super) async fn append(
        &self,
        name: &str,
        id: &UploadId,
        start: Option<u64>,
        bytes: &[u8],
    ) -> Result<u64> {
        let push = self
            .registry
            .open(&self.caller, &repository(name))
            .push()
            .await?;
        push.upload(id)?.append(start, &mut body(&[bytes])).await
    }

    pub(super) async fn finish(
        &self,
        name: &str,
        id: &UploadId,
        bytes: &[u8],
        digest: &Digest,
    ) -> Result<PushedBlob> {
        let push = self
            .registry
            .open(&self.caller, &repository(name))
            .push()
            .await?;
        push.upload(id)?
            .finish(None, &mut body(&[bytes]), digest)
            .await
    }

    pub(super) async fn status(&self, name: &str, id: &UploadId) -> Result<u64> {
        let push = self
            .registry
            .open(&self.caller, &repository(name))
            .push()
            .await?;
        Ok(push.upload(id)?.status().await?.offset)
    }

    /// Rounds of collection with a grace period between them, until nothing more can go.
    pub(super) async fn collect_all(&self) {
        for _ in 0..6 {
            self.registry.collect().await.unwrap();
            self.clock
                .advance(self.registry.settings().grace + Duration::from_secs(1));
        }
    }

    pub(super) async fn objects(&self) -> usize {
        self.blobs
            .list(ObjectKind::Committed, None, 1000)
            .await
            .unwrap()
            .len()
    }

    pub(super) async fn unfinished(&self) -> usize {
        self.blobs
            .list(ObjectKind::Unfinished, None, 1000)
            .await
            .unwrap()
            .len()
    }
}

/// Another engine over the same store, as another process would be.
pub(super) fn another(
    blobs: &Arc<MemoryBlobs>,
    metadata: &Arc<MemoryMetadata>,
    settings: Settings,
    parts: impl FnOnce(Builder) -> Builder,
) -> Registry {
    let builder = Registry::builder()
        .blobs(Arc::clone(blobs) as Arc<dyn BlobStore>)
        .metadata(Arc::<MemoryMetadata>::clone(metadata))
        .random(Counter::default())
        .spawner(InlineSpawner)
        .settings(settings);
    parts(builder)
        .build()
        .now_or_never()
        .expect("memory never waits")
        .unwrap()
}

/// Bytes that differ at each call, and are the same in each run.
#[derive(Default)]
struct Counter(std::sync::atomic::AtomicU64);

impl registry_core::Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let pattern = Digest::sha256(&count.to_be_bytes());
        bytes
            .iter_mut()
            .zip(pattern.encoded().bytes().cycle())
            .for_each(|(to, from)| *to = from);
    }
}

pub(super) fn run(test: impl Future<Output = ()>) {
    block_on(test);
}

pub(super) fn repository(name: &str) -> RepositoryName {
    RepositoryName::parse(name).unwrap()
}

pub(super) fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

pub(super) fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

pub(super) fn large(fill: u8) -> Vec<u8> {
    vec![fill; LARGE]
}

pub(super) type Chunks = stream::Iter<std::vec::IntoIter<Result<Bytes, BodyError>>>;

pub(super) fn body(chunks: &[&[u8]]) -> Chunks {
    let chunks: Vec<_> = chunks
        .iter()
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    stream::iter(chunks)
}

/// A body that breaks off after these bytes.
pub(super) fn broken(bytes: &[u8]) -> Chunks {
    let broken = BodyError::Broken("the connection went away".to_owned());
    stream::iter(vec![Ok(Bytes::copy_from_slice(bytes)), Err(broken)])
}

/// An image's manifest, with the empty configuration `{}`.
pub(super) fn image(layers: &[&[u8]]) -> Value {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| descriptor(MediaType::OCI_LAYER, layer))
        .collect();
    json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": descriptor(MediaType::OCI_EMPTY, b"{}"),
        "layers": layers,
    })
}

pub(super) fn index(children: &[&Value]) -> Value {
    let children: Vec<_> = children
        .iter()
        .map(|child| descriptor(MediaType::OCI_MANIFEST, child.to_string().as_bytes()))
        .collect();
    json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": children })
}

/// The same manifest, about a subject.
pub(super) fn about(mut manifest: Value, subject: &Value) -> Value {
    manifest["subject"] = descriptor(MediaType::OCI_MANIFEST, subject.to_string().as_bytes());
    manifest["artifactType"] = json!("application/vnd.example.signature");
    manifest
}

pub(super) fn digest(manifest: &Value) -> Digest {
    Digest::sha256(manifest.to_string().as_bytes())
}

fn descriptor(media_type: MediaType, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::sha256(bytes), "size": bytes.len() })
}

/// Whether an operation was refused in a certain way.
#[track_caller]
pub(super) fn expect_refusal<T: std::fmt::Debug>(outcome: Result<T>, expected: fn(&Error) -> bool) {
    let error = outcome.expect_err("it is refused");
    assert!(expected(&error), "{error:?}");
}

macro_rules! refused {
    ($outcome:expr, $pattern:pat) => {
        $crate::engine::fixture::expect_refusal($outcome, |error| matches!(error, $pattern))
    };
}
pub(super) use refused;
