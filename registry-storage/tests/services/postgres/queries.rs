//! How many statements each operation of the engine sends, and how often it waits for an answer. A request
//! is one of these operations; docs/scale.md has the numbers.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use registry_core::{
    AllowAll, BodyError, Caller, Delete, Digest, ManifestPush, PageRequest, Pull, Push, Reference,
    Registry, RepositoryName, Tag, UploadId, backend::TagCondition,
};
use registry_storage::{
    SystemRandom,
    contract::run,
    memory::MemoryBlobs,
    postgres::{PostgresMetadata, PostgresSettings, Statements},
};
use serde_json::json;

use super::{
    counted::{Counter, Counts},
    database::Database,
};

const LARGE: usize = 40_000;

const PAGE: PageRequest<'static> = PageRequest {
    after: None,
    limit: 10,
};

/// Each operation by name, with its statements and the answers that it waits for.
const EXPECTED: &[(&str, u64, u64)] = &[
    ("push of a small blob", 8, 7),
    ("push of a large blob", 9, 8),
    ("push of a blob that is there", 7, 6),
    ("POST of an upload", 1, 1),
    ("first chunk", 3, 3),
    ("next chunk", 4, 4),
    ("end of an upload in chunks", 11, 10),
    ("chunk that the store keeps", 8, 7),
    ("PUT of all of an upload", 10, 9),
    ("push of a manifest", 10, 9),
    ("pull of a manifest by tag", 2, 2),
    ("pull of a manifest by digest", 2, 2),
    ("HEAD of a manifest", 2, 2),
    ("pull of a small blob", 2, 2),
    ("pull of a large blob", 2, 2),
    ("HEAD of a blob", 2, 2),
    ("tags", 2, 2),
    ("referrers", 2, 2),
    ("catalogue", 2, 2),
    ("mount", 9, 8),
    ("delete of a blob", 8, 7),
    ("delete of a tag", 9, 8),
    ("delete of a manifest", 10, 9),
];

/// A registry behind a connection that counts. Each time it is used for things that no earlier time had.
struct Place {
    registry: Registry,
    counter: Counter,
    _database: Database,
}

impl Place {
    async fn new(statements: Statements) -> Self {
        let database = Database::new().await;
        let counter = database.counted();
        let settings = PostgresSettings {
            connections: 1,
            statements,
            ..PostgresSettings::default()
        };
        let metadata = PostgresMetadata::connect(&database.through(&counter), settings).await;
        let registry = Registry::builder()
            .metadata(Arc::new(metadata.unwrap()))
            .blobs(Arc::new(MemoryBlobs::new()))
            .random(SystemRandom)
            .policy(AllowAll)
            .spawner(|task| drop(tokio::spawn(task)));
        Self {
            registry: registry.build().await.unwrap(),
            counter,
            _database: database,
        }
    }

    async fn push(&self, name: &str) -> Push {
        let (caller, name) = (Caller::named("ada"), name.parse().unwrap());
        self.registry.open(&caller, &name).push().await.unwrap()
    }

    async fn pull(&self, name: &str) -> Pull {
        let (caller, name) = (Caller::named("ada"), name.parse().unwrap());
        self.registry.open(&caller, &name).pull().await.unwrap()
    }

    async fn delete(&self, name: &str) -> Delete {
        let (caller, name) = (Caller::named("ada"), name.parse().unwrap());
        self.registry.open(&caller, &name).delete().await.unwrap()
    }

    async fn put_blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::sha256(bytes);
        let push = self.push(name).await;
        push.put_blob(&digest, &mut body(bytes)).await.unwrap();
        digest
    }

    async fn chunk(&self, id: &UploadId, bytes: &[u8]) {
        let push = self.push(NAME).await;
        let upload = push.upload(id).unwrap();
        upload.append(None, &mut body(bytes)).await.unwrap();
    }

    async fn finish(&self, id: &UploadId, rest: &[u8], whole: &[u8]) {
        let push = self.push(NAME).await;
        let upload = push.upload(id).unwrap();
        let digest = Digest::sha256(whole);
        upload.finish(None, &mut body(rest), &digest).await.unwrap();
    }

    async fn put_manifest(&self, to: &Reference, manifest: &serde_json::Value) -> Digest {
        let push = ManifestPush {
            reference: to,
            tags: &[],
            content_type: None,
            bytes: Bytes::from(manifest.to_string()),
            condition: TagCondition::Any,
        };
        let pushed = self.push(NAME).await.put_manifest(push).await;
        pushed.unwrap().digest
    }
}

const NAME: &str = "team/app";
const OTHER: &str = "team/other";

fn body(bytes: &[u8]) -> stream::Iter<std::array::IntoIter<Result<Bytes, BodyError>, 1>> {
    stream::iter([Ok(Bytes::copy_from_slice(bytes))])
}

fn image(layers: &[&[u8]], subject: Option<&Digest>) -> serde_json::Value {
    let described = |bytes: &[u8]| json!({"mediaType": "a/b", "digest": Digest::sha256(bytes), "size": bytes.len()});
    let mut image = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described(b"{}"),
        "layers": layers.iter().map(|layer| described(layer)).collect::<Vec<_>>(),
    });
    if let Some(subject) = subject {
        image["subject"] = json!({"mediaType": "a/b", "digest": subject, "size": 7});
    }
    image
}

/// Notes what each operation came to.
struct Notes<'a> {
    counter: &'a Counter,
    lines: Vec<(&'static str, u64, u64)>,
}

impl Notes<'_> {
    async fn of<T>(&mut self, name: &'static str, operation: impl Future<Output = T>) -> T {
        self.counter.take();
        let done = operation.await;
        let Counts { statements, trips } = self.counter.take();
        self.lines.push((name, statements, trips));
        done
    }
}

/// Every operation, with content of its own.
async fn all(place: &Place, number: u8) -> Vec<(&'static str, u64, u64)> {
    let mut notes = Notes {
        counter: &place.counter,
        lines: Vec::new(),
    };
    let (small, large) = (vec![number; 100], vec![number; LARGE]);
    let (one, two) = (vec![number; 1000], vec![number; 2000]);
    place.put_blob(NAME, b"{}").await;
    place.put_blob(OTHER, b"{}").await;
    notes
        .of("push of a small blob", place.put_blob(NAME, &small))
        .await;
    notes
        .of("push of a large blob", place.put_blob(NAME, &large))
        .await;
    notes
        .of(
            "push of a blob that is there",
            place.put_blob(OTHER, &large),
        )
        .await;
    let id = place.push(NAME).await.begin_upload(None).unwrap();
    let begin = async || place.push(NAME).await.begin_upload(None).unwrap();
    notes.of("POST of an upload", begin()).await;
    notes.of("first chunk", place.chunk(&id, &one)).await;
    notes.of("next chunk", place.chunk(&id, &one)).await;
    notes
        .of("end of an upload in chunks", place.finish(&id, b"", &two))
        .await;
    let other = begin().await;
    let chunk = place.chunk(&other, &large);
    notes.of("chunk that the store keeps", chunk).await;
    let id = begin().await;
    let whole = [&one[..], b"x"].concat();
    notes
        .of("PUT of all of an upload", place.finish(&id, &whole, &whole))
        .await;

    let tag = Reference::parse("v1").unwrap();
    let manifest = image(&[&small, &large], None);
    let digest = notes
        .of("push of a manifest", place.put_manifest(&tag, &manifest))
        .await;
    let by_digest = Reference::Digest(digest.clone());
    place
        .put_manifest(
            &Reference::Digest(Digest::sha256(
                image(&[], Some(&digest)).to_string().as_bytes(),
            )),
            &image(&[], Some(&digest)),
        )
        .await;
    let manifest = async |at| place.pull(NAME).await.manifest(at).await.unwrap();
    notes.of("pull of a manifest by tag", manifest(&tag)).await;
    notes
        .of("pull of a manifest by digest", manifest(&by_digest))
        .await;
    let head = async || place.pull(NAME).await.stat_manifest(&tag).await.unwrap();
    notes.of("HEAD of a manifest", head()).await;
    let blob = async |bytes: &[u8]| {
        let blob = place.pull(NAME).await.blob(&Digest::sha256(bytes)).await;
        assert_eq!(blob.unwrap().read_all().await.unwrap(), bytes);
    };
    notes.of("pull of a small blob", blob(&small)).await;
    notes.of("pull of a large blob", blob(&large)).await;
    let head = async || {
        place
            .pull(NAME)
            .await
            .stat_blob(&Digest::sha256(&large))
            .await
            .unwrap()
    };
    notes.of("HEAD of a blob", head()).await;
    let tags = async || place.pull(NAME).await.tags(PAGE).await.unwrap();
    notes.of("tags", tags()).await;
    let referrers = async || {
        place
            .pull(NAME)
            .await
            .raw_referrers(&digest, None, PAGE)
            .await
            .unwrap()
    };
    assert_eq!(notes.of("referrers", referrers()).await.items.len(), 1);
    let caller = Caller::named("ada");
    notes
        .of("catalogue", place.registry.catalog(&caller, PAGE))
        .await
        .unwrap();
    let from = RepositoryName::parse(NAME).unwrap();
    let mount = async || {
        place
            .push(OTHER)
            .await
            .mount(&Digest::sha256(&small), Some(&from))
            .await
            .unwrap()
    };
    assert!(notes.of("mount", mount()).await.is_some());
    let blob = async || {
        place
            .delete(OTHER)
            .await
            .blob(&Digest::sha256(&small))
            .await
            .unwrap()
    };
    notes.of("delete of a blob", blob()).await;
    let v1: Tag = "v1".parse().unwrap();
    let tag = async || {
        place
            .delete(NAME)
            .await
            .tag(&v1, &TagCondition::Any)
            .await
            .unwrap()
    };
    notes.of("delete of a tag", tag()).await;
    let manifest = async || place.delete(NAME).await.manifest(&digest).await.unwrap();
    notes.of("delete of a manifest", manifest()).await;
    notes.lines
}

async fn counted(statements: Statements) -> Vec<(&'static str, u64, u64)> {
    let place = Place::new(statements).await;
    // Named statements are prepared when they are sent for the first time.
    all(&place, 1).await;
    all(&place, 2).await;
    all(&place, 3).await
}

#[test]
fn each_operation_sends_so_many_statements_and_waits_so_often() {
    run(async {
        assert_eq!(counted(Statements::Named).await, EXPECTED);
    });
}

#[test]
fn it_is_as_many_where_none_is_prepared() {
    run(async {
        assert_eq!(counted(Statements::Unnamed).await, EXPECTED);
    });
}
