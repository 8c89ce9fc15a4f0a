//! What each operation of a registry asks the bucket.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use registry_core::{
    AllowAll, BodyError, Caller, Digest, ManifestPush, MediaType, Opening, PageRequest, Reference,
    Registry, Result, Settings, Tag, backend::TagCondition,
};
use registry_storage::{
    InlineSpawner, ManualClock, SystemRandom, contract::run, memory::MemoryMetadata,
};

use super::{Bucket, PART_SIZE, bytes, open};

const NAME: &str = "team/app";
const OTHER: &str = "team/other";

const PAGE: PageRequest<'static> = PageRequest {
    after: None,
    limit: 10,
};

/// A registry over a bucket.
struct Place {
    bucket: Arc<Bucket>,
    registry: Registry,
}

impl Place {
    async fn new() -> Self {
        let bucket = Arc::<Bucket>::default();
        let registry = Registry::builder()
            .metadata(Arc::new(MemoryMetadata::new(Arc::new(
                ManualClock::default(),
            ))))
            .blobs(Arc::new(open(&bucket)))
            .random(SystemRandom)
            .policy(AllowAll)
            .spawner(InlineSpawner)
            .settings(Settings {
                inline_limit: 256,
                ..Settings::default()
            });
        let registry = registry.build().await.unwrap();
        Self { bucket, registry }
    }

    fn at(&self, name: &str) -> Opening {
        let caller = Caller::named("ada");
        self.registry.open(&caller, &name.parse().unwrap())
    }

    /// What the bucket is asked by an operation.
    async fn asked<T>(&self, operation: impl Future<Output = Result<T>>) -> Vec<&'static str> {
        self.bucket.requests();
        operation.await.unwrap();
        self.bucket.requests()
    }

    async fn put(&self, name: &str, bytes: &Bytes) -> Result<()> {
        let mut body = stream::iter([Ok::<_, BodyError>(bytes.clone())]);
        let push = self.at(name).push().await?;
        let digest = Digest::sha256(bytes);
        push.put_blob(&digest, &mut body).await.map(drop)
    }

    async fn put_image(&self, tag: &Tag, config: &Bytes, layer: &Bytes) -> Result<Digest> {
        let described = |bytes: &Bytes| {
            let (digest, size) = (Digest::sha256(bytes), bytes.len());
            format!(r#"{{"mediaType":"a/b","digest":"{digest}","size":{size}}}"#)
        };
        let image = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}}"#,
            MediaType::OCI_MANIFEST,
            described(config),
            described(layer)
        );
        let manifest = ManifestPush {
            reference: &Reference::Tag(tag.clone()),
            tags: &[],
            content_type: None,
            bytes: Bytes::from(image),
            condition: TagCondition::Any,
        };
        let push = self.at(NAME).push().await?;
        Ok(push.put_manifest(manifest).await?.digest)
    }

    async fn read(&self, name: &str, bytes: &Bytes) -> Result<()> {
        let pull = self.at(name).pull().await?;
        let blob = pull.blob(&Digest::sha256(bytes)).await?;
        assert_eq!(blob.read_all().await?, *bytes);
        Ok(())
    }

    async fn stat(&self, bytes: &Bytes) -> Result<()> {
        let pull = self.at(NAME).pull().await?;
        pull.stat_blob(&Digest::sha256(bytes)).await.map(drop)
    }

    async fn mount(&self, bytes: &Bytes) -> Result<()> {
        let push = self.at(OTHER).push().await?;
        let from = NAME.parse().unwrap();
        let mounted = push.mount(&Digest::sha256(bytes), Some(&from)).await?;
        assert!(mounted.is_some());
        Ok(())
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_large_blob_is_asked_for_where_its_bytes_are_sent_or_read_and_nowhere_else() {
    run(async {
        let place = Place::new().await;
        let (within, large) = (bytes(PART_SIZE), bytes(2 * PART_SIZE + 7));
        assert_eq!(place.asked(place.put(NAME, &within)).await, ["put"]);
        let parts = ["create", "part", "part", "part", "complete"];
        assert_eq!(place.asked(place.put(NAME, &large)).await, parts);

        assert_eq!(place.asked(place.read(NAME, &large)).await, ["get"]);
        assert_eq!(place.asked(place.stat(&large)).await, NOTHING);
        assert_eq!(place.asked(place.mount(&large)).await, NOTHING);
        assert_eq!(place.asked(place.read(OTHER, &large)).await, ["get"]);
        let delete = async {
            let delete = place.at(OTHER).delete().await?;
            delete.blob(&Digest::sha256(&large)).await
        };
        assert_eq!(place.asked(delete).await, NOTHING);
    });
}

#[test]
fn small_content_and_images_and_lists_ask_the_bucket_for_nothing() {
    run(async {
        let place = Place::new().await;
        let (small, large) = (bytes(100), bytes(2 * PART_SIZE + 7));
        place.put(NAME, &large).await.unwrap();
        let tag: Tag = "v1".parse().unwrap();
        assert_eq!(place.asked(place.put(NAME, &small)).await, NOTHING);
        assert_eq!(place.asked(place.read(NAME, &small)).await, NOTHING);
        assert_eq!(place.asked(place.stat(&small)).await, NOTHING);
        let image = place.put_image(&tag, &small, &large);
        assert_eq!(place.asked(image).await, NOTHING);
        let all = async {
            let pull = place.at(NAME).pull().await?;
            let at = Reference::Tag(tag.clone());
            let manifest = pull.manifest(&at).await?;
            pull.stat_manifest(&at).await?;
            pull.raw_referrers(&manifest.digest, None, PAGE).await?;
            assert_eq!(pull.tags(PAGE).await?.items, [tag]);
            let delete = place.at(NAME).delete().await?;
            delete.manifest(&manifest.digest).await
        };
        assert_eq!(place.asked(all).await, NOTHING);
    });
}
