//! How many statements each operation of the engine sends, and how often it waits for an answer. A request
//! is one of these operations; docs/operating/scale.md has the numbers.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use object_store::memory::InMemory;
use registry_core::{
    AllowAll, BodyError, Caller, Delete, Digest, ManifestPush, PageRequest, Pull, Push, Reference,
    Registry, Tag, UploadId, backend::TagCondition,
};
use registry_storage::{
    SystemRandom,
    contract::run,
    object::{ObjectBlobs, ObjectSettings},
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
    ("first chunk with a tail", 9, 8),
    ("next chunk with a tail", 11, 10),
    ("end of an upload with a tail", 13, 12),
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
        let bucket = Arc::new(InMemory::new());
        let random = Arc::new(SystemRandom);
        let blobs = ObjectBlobs::plain(bucket, ObjectSettings::default(), random);
        let registry = Registry::builder()
            .metadata(Arc::new(metadata.unwrap()))
            .blobs(Arc::new(blobs.unwrap()))
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

/// Content that no earlier time had.
struct Content {
    small: Vec<u8>,
    large: Vec<u8>,
}

/// Every operation.
async fn all(place: &Place, number: u8) -> Vec<(&'static str, u64, u64)> {
    let mut notes = Notes {
        counter: &place.counter,
        lines: Vec::new(),
    };
    let content = Content {
        small: vec![number; 100],
        large: vec![number; LARGE],
    };
    blobs(place, &mut notes, &content).await;
    uploads(place, &mut notes, number).await;
    let digest = manifests(place, &mut notes, &content).await;
    reads(place, &mut notes, &content).await;
    listings(place, &mut notes, &digest).await;
    removals(place, &mut notes, &content, &digest).await;
    notes.lines
}

async fn blobs(place: &Place, notes: &mut Notes<'_>, content: &Content) {
    let Content { small, large } = content;
    place.put_blob(NAME, b"{}").await;
    place.put_blob(OTHER, b"{}").await;
    let put = place.put_blob(NAME, small);
    notes.of("push of a small blob", put).await;
    let put = place.put_blob(NAME, large);
    notes.of("push of a large blob", put).await;
    let put = place.put_blob(OTHER, large);
    notes.of("push of a blob that is there", put).await;
}

async fn uploads(place: &Place, notes: &mut Notes<'_>, number: u8) {
    let begin = async || place.push(NAME).await.begin_upload(None).unwrap();
    let (one, two) = (vec![number; 1000], vec![number; 2000]);
    let id = notes.of("POST of an upload", begin()).await;
    notes.of("first chunk", place.chunk(&id, &one)).await;
    notes.of("next chunk", place.chunk(&id, &one)).await;
    let end = place.finish(&id, b"", &two);
    notes.of("end of an upload in chunks", end).await;
    let (id, large) = (begin().await, vec![number; 2 * LARGE]);
    let chunk = place.chunk(&id, &large[..LARGE]);
    notes.of("first chunk with a tail", chunk).await;
    let chunk = place.chunk(&id, &large[LARGE..]);
    notes.of("next chunk with a tail", chunk).await;
    let end = place.finish(&id, b"", &large);
    notes.of("end of an upload with a tail", end).await;
    let (id, whole) = (begin().await, [&one[..], b"x"].concat());
    let end = place.finish(&id, &whole, &whole);
    notes.of("PUT of all of an upload", end).await;
}

async fn manifests(place: &Place, notes: &mut Notes<'_>, content: &Content) -> Digest {
    let tag = Reference::parse("v1").unwrap();
    let manifest = image(&[&content.small, &content.large], None);
    let put = place.put_manifest(&tag, &manifest);
    let digest = notes.of("push of a manifest", put).await;
    let referrer = image(&[], Some(&digest));
    let itself = Digest::sha256(referrer.to_string().as_bytes());
    let at = Reference::Digest(itself);
    place.put_manifest(&at, &referrer).await;
    let pull = async |at| place.pull(NAME).await.manifest(at).await.unwrap();
    notes.of("pull of a manifest by tag", pull(&tag)).await;
    let at = Reference::Digest(digest.clone());
    notes.of("pull of a manifest by digest", pull(&at)).await;
    let head = async || place.pull(NAME).await.stat_manifest(&tag).await.unwrap();
    notes.of("HEAD of a manifest", head()).await;
    digest
}

async fn reads(place: &Place, notes: &mut Notes<'_>, content: &Content) {
    let read = async |bytes: &[u8]| {
        let blob = place.pull(NAME).await.blob(&Digest::sha256(bytes)).await;
        assert_eq!(blob.unwrap().read_all().await.unwrap(), bytes);
    };
    notes.of("pull of a small blob", read(&content.small)).await;
    notes.of("pull of a large blob", read(&content.large)).await;
    let digest = Digest::sha256(&content.large);
    let head = async || place.pull(NAME).await.stat_blob(&digest).await.unwrap();
    notes.of("HEAD of a blob", head()).await;
}

async fn listings(place: &Place, notes: &mut Notes<'_>, digest: &Digest) {
    let tags = async || place.pull(NAME).await.tags(PAGE).await.unwrap();
    notes.of("tags", tags()).await;
    let referrers = async || {
        let pull = place.pull(NAME).await;
        pull.raw_referrers(digest, None, PAGE).await.unwrap()
    };
    let referrers = notes.of("referrers", referrers()).await;
    assert_eq!(referrers.items.len(), 1);
    let caller = Caller::named("ada");
    let catalogue = place.registry.catalog(&caller, PAGE);
    notes.of("catalogue", catalogue).await.unwrap();
}

async fn removals(place: &Place, notes: &mut Notes<'_>, content: &Content, digest: &Digest) {
    let (small, from) = (Digest::sha256(&content.small), NAME.parse().unwrap());
    let mount = async || {
        let push = place.push(OTHER).await;
        push.mount(&small, Some(&from)).await.unwrap()
    };
    assert!(notes.of("mount", mount()).await.is_some());
    let blob = async || place.delete(OTHER).await.blob(&small).await.unwrap();
    notes.of("delete of a blob", blob()).await;
    let v1: Tag = "v1".parse().unwrap();
    let tag = async || {
        let delete = place.delete(NAME).await;
        delete.tag(&v1, &TagCondition::Any).await.unwrap();
    };
    notes.of("delete of a tag", tag()).await;
    let manifest = async || place.delete(NAME).await.manifest(digest).await.unwrap();
    notes.of("delete of a manifest", manifest()).await;
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
