//! Clauses of [`Carry`].

use std::sync::Arc;

use bytes::Bytes;
use registry_core::{
    Descriptor, Digest, MediaType, Timestamp, Visibility,
    backend::{
        BlobContent, CarriedManifest, Carry, KeptContent, Metadata, NamespaceRecord,
        NamespaceSettings, ObjectKey, ReferenceRow, ReferenceTarget, RepositoryRecord, Row, RowKey,
        RowKind,
    },
};

/// A backend that is fresh and empty, in two of its capabilities.
pub trait CarryHarness: Send + Sync {
    /// The backend.
    fn metadata(&self) -> Arc<dyn Metadata>;

    /// The same, for rows to be carried.
    fn rows(&self) -> Arc<dyn Carry>;
}

const PLACES: [&str; 3] = ["alone", "team/app", "team/tool"];

fn namespace(name: &str, visibility: Visibility, created: u64) -> Row {
    Row::Namespace(NamespaceRecord {
        name: name.parse().expect("a namespace"),
        settings: NamespaceSettings {
            visibility,
            collect_untagged: visibility == Visibility::Public,
        },
        created: Timestamp::from_millis(created),
    })
}

fn repository(name: &str, visibility: Option<Visibility>, pulls: u64) -> Row {
    Row::Repository {
        record: RepositoryRecord {
            name: name.parse().expect("a name"),
            visibility,
            created: Timestamp::from_millis(1000 + pulls),
        },
        pulls,
    }
}

fn content(text: &str, object: Option<&str>, quarantined: bool) -> Row {
    Row::Content(KeptContent {
        digest: Digest::sha256(text.as_bytes()),
        size: text.len() as u64,
        content: match object {
            Some(key) => BlobContent::Object(ObjectKey::new(key)),
            None => BlobContent::Inline(Bytes::copy_from_slice(text.as_bytes())),
        },
        quarantined,
    })
}

fn link(name: &str, text: &str) -> Row {
    Row::Link {
        repository: name.parse().expect("a name"),
        digest: Digest::sha256(text.as_bytes()),
    }
}

fn manifest(name: &str, text: &str, subject: Option<&str>, created: u64) -> Row {
    let digest = Digest::sha256(text.as_bytes());
    let referred = |target, text: &str, required| ReferenceRow {
        target,
        digest: Digest::sha256(text.as_bytes()),
        required,
    };
    Row::Manifest(Box::new(CarriedManifest {
        repository: name.parse().expect("a name"),
        media_type: MediaType::OCI_MANIFEST,
        bytes: Bytes::copy_from_slice(text.as_bytes()),
        subject: subject.map(|subject| Digest::sha256(subject.as_bytes())),
        descriptor: Descriptor {
            artifact_type: subject.map(|subject| format!("application/{subject}")),
            ..Descriptor::of(MediaType::OCI_MANIFEST, text.as_bytes())
        },
        digest,
        created: Timestamp::from_millis(created),
        references: vec![
            referred(ReferenceTarget::Blob, "layer", created.is_multiple_of(2)),
            referred(ReferenceTarget::Manifest, "child", false),
        ],
    }))
}

fn tag(name: &str, tag: &str, text: &str, pulls: u64) -> Row {
    Row::Tag {
        repository: name.parse().expect("a name"),
        tag: tag.parse().expect("a tag"),
        digest: Digest::sha256(text.as_bytes()),
        pulls,
    }
}

/// Some of everything, each behind what it rests on.
fn everything() -> Vec<Row> {
    let mut rows = vec![
        namespace("library", Visibility::Private, 1),
        namespace("team", Visibility::Public, 2),
    ];
    for (place, pulls) in PLACES.into_iter().zip(0..) {
        let own = (pulls == 1).then_some(Visibility::Private);
        rows.push(repository(place, own, pulls));
    }
    rows.push(content("layer", Some("o/1"), false));
    rows.push(content("config", None, false));
    rows.push(content("rotten", Some("o/2"), true));
    for place in PLACES {
        rows.push(link(place, "layer"));
        rows.push(manifest(place, "manifest", None, 4));
        rows.push(manifest(place, "referrer", Some("manifest"), 5));
        rows.push(tag(place, "v1", "manifest", 3));
        rows.push(tag(place, "v2", "referrer", 0));
    }
    rows
}

async fn put(rows: &dyn Carry, put: &[Row]) {
    rows.put_rows(put).await.expect("rows are put");
}

async fn all(rows: &dyn Carry, kind: RowKind) -> Vec<Row> {
    let page = rows.rows(kind, &RowKey::default(), 1000).await;
    page.expect("a page")
}

async fn drop_all(rows: &dyn Carry, kind: RowKind) {
    let keys: Vec<_> = all(rows, kind).await.iter().map(Row::key).collect();
    rows.drop_rows(kind, &keys).await.expect("rows are dropped");
}

fn is_of(row: &Row, kind: RowKind) -> bool {
    matches!(
        (row, kind),
        (Row::Namespace(_), RowKind::Namespaces)
            | (Row::Repository { .. }, RowKind::Repositories)
            | (Row::Content(_), RowKind::Contents)
            | (Row::Link { .. }, RowKind::Links)
            | (Row::Manifest(_), RowKind::Manifests)
            | (Row::Tag { .. }, RowKind::Tags)
    )
}

/// Objects that are given up.
async fn given_up(metadata: &dyn Metadata) -> Vec<String> {
    let doomed = metadata.doomed(10).await.expect("what is doomed");
    doomed.iter().map(|one| one.key.to_string()).collect()
}

/// Pages of any length come to the same, in the order of the keys.
pub async fn carry_01_pages_go_by_key_and_miss_none(harness: &impl CarryHarness) {
    let rows = harness.rows();
    put(&*rows, &everything()).await;
    for kind in RowKind::ALL {
        let whole = all(&*rows, kind).await;
        assert!(whole.windows(2).all(|two| two[0].key() < two[1].key()));
        assert!(whole.iter().all(|row| is_of(row, kind)));
        for length in 1..4 {
            let (mut pages, mut after) = (Vec::new(), RowKey::default());
            loop {
                let page = rows.rows(kind, &after, length).await.expect("a page");
                assert!(page.len() <= length);
                let Some(last) = page.last() else { break };
                after = last.key();
                pages.extend(page);
            }
            assert_eq!(pages, whole);
        }
    }
}

/// Rows of every kind, put for the first time and again.
pub async fn carry_02_what_is_put_is_read_back(harness: &impl CarryHarness) {
    let rows = harness.rows();
    let first = everything();
    put(&*rows, &first).await;
    put(&*rows, &first).await;
    for kind in RowKind::ALL {
        let mut told: Vec<_> = first.iter().filter(|row| is_of(row, kind)).collect();
        told.sort_by_key(|row| row.key());
        assert_eq!(all(&*rows, kind).await.iter().collect::<Vec<_>>(), told);
    }
}

/// Rows that say something else than those that are there.
pub async fn carry_02_what_is_put_takes_the_place_of_what_is_there(harness: &impl CarryHarness) {
    let rows = harness.rows();
    put(&*rows, &everything()).await;
    let changed = [
        namespace("team", Visibility::Private, 7),
        repository("team/app", Some(Visibility::Public), 70),
        manifest("team/app", "manifest", Some("referrer"), 9),
        tag("team/app", "v2", "manifest", 11),
    ];
    put(&*rows, &changed).await;
    for (row, kind) in changed.iter().zip([
        RowKind::Namespaces,
        RowKind::Repositories,
        RowKind::Manifests,
        RowKind::Tags,
    ]) {
        assert!(all(&*rows, kind).await.contains(row), "{row:?}");
    }
    let facts = async |name: &str| {
        let name = name.parse().expect("a name");
        harness.metadata().facts(&name).await.expect("facts")
    };
    assert!(facts("team/app").await.is_public(), "its own");
    assert!(!facts("team/tool").await.is_public(), "its namespace's");
}

/// What is put where nothing is that it rests on.
pub async fn carry_03_what_rests_on_nothing_is_not_put(harness: &impl CarryHarness) {
    let rows = harness.rows();
    let lost = [
        repository("team/app", None, 0),
        link("team/app", "layer"),
        manifest("team/app", "manifest", None, 4),
        tag("team/app", "v1", "manifest", 0),
    ];
    put(&*rows, &lost).await;
    for kind in RowKind::ALL {
        assert_eq!(all(&*rows, kind).await, [], "{kind:?}");
    }
}

/// Two contents cannot have one object.
pub async fn carry_04_a_row_that_cannot_be_put_takes_the_others_along(harness: &impl CarryHarness) {
    let rows = harness.rows();
    let together = [
        namespace("team", Visibility::Private, 1),
        content("one", Some("o/1"), false),
        content("other", Some("o/1"), false),
    ];
    rows.put_rows(&together).await.expect_err("it cannot be");
    for kind in RowKind::ALL {
        assert_eq!(all(&*rows, kind).await, [], "{kind:?}");
    }
}

/// Objects that nothing names any more.
pub async fn carry_05_a_replaced_or_dropped_object_is_given_up(harness: &impl CarryHarness) {
    let (rows, metadata) = (harness.rows(), harness.metadata());
    put(&*rows, &everything()).await;
    put(&*rows, &[content("layer", Some("o/1"), false)]).await;
    assert_eq!(given_up(&*metadata).await, [""; 0], "it stayed");
    put(&*rows, &[content("layer", Some("o/3"), false)]).await;
    assert_eq!(given_up(&*metadata).await, ["o/1"]);
    drop_all(&*rows, RowKind::Contents).await;
    assert_eq!(given_up(&*metadata).await, ["o/1", "o/2", "o/3"]);
    assert_eq!(all(&*rows, RowKind::Contents).await, []);
}

/// A content that is out of sight.
pub async fn carry_05_what_is_out_of_sight_is_kept_aside(harness: &impl CarryHarness) {
    let (rows, metadata) = (harness.rows(), harness.metadata());
    put(&*rows, &everything()).await;
    let aside = metadata.quarantined(None, 10).await.expect("a page");
    let keys: Vec<_> = aside.iter().map(|one| one.object.as_str()).collect();
    assert_eq!(keys, ["o/2"]);
    put(&*rows, &[content("rotten", Some("o/4"), false)]).await;
    let aside = metadata.quarantined(None, 10).await.expect("a page");
    assert_eq!(aside, []);
}

/// Everything is dropped, in the order in which it can be.
pub async fn carry_06_all_but_places_can_be_dropped(harness: &impl CarryHarness) {
    let rows = harness.rows();
    put(&*rows, &everything()).await;
    for kind in RowKind::ALL.into_iter().rev() {
        drop_all(&*rows, kind).await;
        let left = all(&*rows, kind).await.len();
        let stays = matches!(kind, RowKind::Namespaces | RowKind::Repositories);
        assert_eq!(left > 0, stays, "{kind:?}");
    }
}
