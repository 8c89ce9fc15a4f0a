//! What commands read beside many rows: what they are about, along an index.

use std::time::Duration;

use registry_core::{
    Digest, HashState, Reference, RepositoryName, Tag, UploadId, VisibleSet,
    backend::{
        Changes, Collection, Content, DeleteManifest, DeleteTag, Inspection, ListRepositories,
        ObjectKey, PartialContent, PullCount, Pulls, ReferenceTarget, ReferrersPage, Renewal,
        Repositories, Scope, SessionKey, StoreCheckpoint, TagCondition, Tail, TailChange,
        UploadCheckpoint, Uploads, WriteCheckpoint,
    },
};
use registry_storage::contract::run;

use super::place::{ALICE, GRACE, Place};

/// Many rows in every table that grows.
const MANY: &str = "
    INSERT INTO namespaces SELECT 'n' || n, n % 9 = 0, true, n, 0 FROM generate_series(1, 100000) n;
    INSERT INTO repositories (name, namespace, bare, public, version, created)
        SELECT name || '/app', name, false, public, version, 0 FROM namespaces ORDER BY version;
    INSERT INTO contents (digest, size, object, pass)
        SELECT 'sha256:' || encode(sha256(('blob ' || id)::bytea), 'hex'), 7, 'objects/' || id,
            CASE WHEN id % 100 = 0 THEN 1 END
        FROM repositories;
    INSERT INTO objects SELECT object, 'live' FROM contents;
    INSERT INTO objects SELECT 'doomed/' || n, 'doomed' FROM generate_series(1, 100000) n;
    INSERT INTO objects SELECT 'gone/' || n, 'gone' FROM generate_series(1, 100000) n;
    INSERT INTO gone_objects SELECT 'gone/' || n, n FROM generate_series(1, 100000) n;
    INSERT INTO unknown_objects SELECT 'unknown/' || n, 0 FROM generate_series(1, 100000) n;
    INSERT INTO quarantine SELECT 'aside/' || digest, digest, 7, 0 FROM contents LIMIT 1000;
    INSERT INTO links (repository, digest, bare, holder, pass)
        SELECT r.id, c.digest, false, r.name, c.pass
        FROM repositories r JOIN contents c ON c.object = 'objects/' || r.id;
    INSERT INTO manifests (repository, digest, media_type, subject, created, descriptor, bytes, pass)
        SELECT id, 'sha256:' || encode(sha256(('image ' || id)::bytea), 'hex'), 'a/b',
            'sha256:' || encode(sha256(('subject ' || id)::bytea), 'hex'), 0, '{}', 'x',
            CASE WHEN id % 100 = 0 THEN 1 END
        FROM repositories;
    INSERT INTO manifest_references SELECT l.repository, 0, l.digest, m.id, true
        FROM links l JOIN manifests m ON m.repository = l.repository WHERE l.repository % 2 = 0;
    INSERT INTO tags (repository, tag, manifest) SELECT repository, 'v1', id FROM manifests;
    INSERT INTO pulls SELECT repository, tag, id, 7 FROM tags;
    INSERT INTO uploads (repository, session, epoch, touched, state)
        SELECT name, 'session', 1, 0, 2 FROM repositories;
    INSERT INTO upload_tails SELECT id, 0, 'x' FROM uploads;
    INSERT INTO expired SELECT 'uploads/' || n FROM generate_series(1, 100000) n;
    INSERT INTO changes (at, actor, event) SELECT 0, NULL, '{\"type\":\"repository_created\",
        \"repository\":\"' || name || '\"}' FROM repositories;
";

/// A statement that was sent so often is planned without looking at its parameters any more.
const TIMES: usize = 8;

/// What all commands together may read of a table by an index.
const MOST_READ: i64 = 10_000;

const READ: &str = "SELECT indexrelname::text, idx_tup_read FROM pg_stat_user_indexes
    WHERE idx_tup_read > $1 ORDER BY 1";

/// Those of few rows may be.
const SCANNED: &str = "SELECT relname::text, seq_scan FROM pg_stat_user_tables
    WHERE seq_scan > 0 AND relname NOT IN
        ('registry', 'compatible', 'collector', 'passes', 'quarantine', 'appended_pulls', 'test_clock')
    ORDER BY 1";

#[test]
fn no_command_scans_a_table_that_was_analysed() {
    run(check("ANALYZE"));
}

#[test]
fn no_command_scans_a_table_of_which_nothing_is_known() {
    run(check(""));
}

async fn check(then: &str) {
    let place = Place::new().await;
    place.run(MANY).await;
    place.run(then).await;
    place.run("SELECT pg_stat_reset()").await;
    for number in 1..=TIMES {
        look(&place, number).await;
        change(&place, number).await;
        upload(&place, number).await;
        collect(&place).await;
        inspect(&place, number).await;
    }
    let control = place.connect().await;
    place.disconnect().await;
    let told = |rows: Vec<tokio_postgres::Row>| -> Vec<(String, i64)> {
        let rows = rows.iter();
        rows.map(|row| (row.get(0), row.get(1))).collect()
    };
    assert_eq!(told(control.query(SCANNED, &[]).await.unwrap()), []);
    assert_eq!(told(control.query(READ, &[&MOST_READ]).await.unwrap()), []);
}

fn name(number: usize) -> RepositoryName {
    format!("n{number}/app").parse().unwrap()
}

fn digest(text: &str, number: usize) -> Digest {
    Digest::sha256(format!("{text} {number}").as_bytes())
}

async fn look(place: &Place, number: usize) {
    let metadata = &place.metadata;
    let name = name(number);
    let facts = metadata.facts(&name).await.unwrap().version;
    let repository = &name;
    let scope = Scope { repository, facts };
    let visible = VisibleSet {
        public: true,
        prefixes: ["n1".to_owned(), "n70/".to_owned()].into(),
        ..VisibleSet::default()
    };
    let (blob, subject) = (digest("blob", number), digest("subject", number));
    metadata.namespace(&name.namespace()).await.unwrap();
    metadata.repository(&name).await.unwrap();
    for visible in [None, Some(&visible)] {
        let page = ListRepositories {
            visible,
            after: Some("n5"),
            limit: 10,
        };
        metadata.repositories(page).await.unwrap();
        let after = Some("n5");
        metadata.holders(&blob, visible, after, 10).await.unwrap();
    }
    metadata.blob(scope, &blob).await.unwrap();
    let tag: Tag = "v1".parse().unwrap();
    for reference in [
        Reference::Tag(tag),
        Reference::Digest(digest("image", number)),
    ] {
        metadata.manifest(scope, &reference).await.unwrap();
    }
    metadata.tags(scope, Some("a"), 10).await.unwrap();
    for artifact_type in [None, Some("a/b")] {
        let page = ReferrersPage {
            subject: &subject,
            artifact_type,
            after: Some("sha256:0"),
            limit: 10,
        };
        metadata.referrers(scope, page).await.unwrap();
    }
}

async fn change(place: &Place, number: usize) {
    let metadata = &place.metadata;
    let (name, from) = (format!("n{number}/app"), format!("n{}/app", number + 100));
    let (text, other) = (format!("new {number}"), format!("blob {}", number + 100));
    place.put_blob(&name, &text, &format!("new/{number}")).await;
    place.mount(&from, &name, &other).await;
    place.push(&name, &text, Some(&text), Some("v2")).await;
    place.delete_blob(&name, &other).await;
    let repository: RepositoryName = name.parse().unwrap();
    for target in [ReferenceTarget::Blob, ReferenceTarget::Manifest] {
        let renewal = Renewal {
            repository: &repository,
            target,
            digest: &Digest::sha256(text.as_bytes()),
        };
        metadata.renew(renewal).await.unwrap();
    }
    let facts = metadata.facts(&repository).await.unwrap().version;
    let scope = Scope {
        repository: &repository,
        facts,
    };
    let delete = DeleteTag {
        scope,
        tag: &"v1".parse().unwrap(),
        condition: TagCondition::Any,
        origin: ALICE,
    };
    metadata.delete_tag(delete).await.unwrap();
    let delete = DeleteManifest {
        scope,
        digest: &Digest::sha256(text.as_bytes()),
        origin: ALICE,
    };
    metadata.delete_manifest(delete).await.unwrap();
    let changes = metadata.pending(10).await.unwrap();
    let ids: Vec<_> = changes.iter().map(|change| change.id).collect();
    metadata.acknowledge(&ids).await.unwrap();
    let counts = ["v1", "v2"].map(|tag| PullCount {
        repository: repository.clone(),
        tag: Some(tag.parse().unwrap()),
        pulls: 1,
    });
    let counts: Vec<_> = counts.iter().cycle().take(120).cloned().collect();
    metadata.add_pulls(&counts).await.unwrap();
    for tag in [None, Some("v2".parse().unwrap())] {
        metadata.pulls(&repository, tag.as_ref()).await.unwrap();
    }
}

async fn upload(place: &Place, number: usize) {
    let metadata = &place.metadata;
    let (repository, id) = (name(number), UploadId::parse("another").unwrap());
    let session = SessionKey {
        repository: &repository,
        id: &id,
    };
    for (epoch, tail) in [
        (0, TailChange::Append(0)),
        (1, TailChange::Append(1)),
        (1, TailChange::Replace),
    ] {
        let command = WriteCheckpoint {
            session,
            epoch,
            checkpoint: UploadCheckpoint {
                offset: 1,
                hash: HashState {
                    format: "a/1".to_owned(),
                    bytes: Vec::new(),
                },
                content: PartialContent::Store(StoreCheckpoint {
                    key: ObjectKey::new(format!("partial/{number}")),
                    offset: 1,
                    state: bytes::Bytes::new(),
                    tail: Tail::from_iter([bytes::Bytes::from_static(b"01")]),
                }),
            },
            tail,
        };
        metadata.write_checkpoint(command).await.unwrap();
    }
    metadata.upload(session).await.unwrap();
    metadata.claim(session).await.unwrap();
    metadata.cancel(session).await.unwrap();
    let writes = metadata.expire(GRACE, 10).await.unwrap();
    metadata.forget_expired(&writes).await.unwrap();
}

async fn collect(place: &Place) {
    let metadata = &place.metadata;
    metadata.condemn(50).await.unwrap();
    metadata.seal().await.unwrap();
    place.settle().await;
    place.advance(GRACE).await;
    metadata.remove(GRACE, 50, ALICE).await.unwrap();
    let doomed = metadata.doomed(10).await.unwrap();
    let mut keys: Vec<_> = doomed.into_iter().map(|doomed| doomed.key).collect();
    metadata.forget_doomed(&keys).await.unwrap();
    keys.extend(["unknown/1", "unknown/2", "objects/77"].map(ObjectKey::new));
    metadata.unknown(&keys).await.unwrap();
    for grace in [GRACE, Duration::ZERO] {
        metadata.doom(&keys, grace).await.unwrap();
    }
}

async fn inspect(place: &Place, number: usize) {
    let metadata = &place.metadata;
    let (name, digest) = (name(number), digest("blob", number));
    metadata.contents(Some(&digest), 10).await.unwrap();
    metadata
        .manifests(Some((&name, &digest)), 10)
        .await
        .unwrap();
    let after = ObjectKey::new("aside/");
    metadata.quarantined(Some(&after), 10).await.unwrap();
    let object = ObjectKey::new(format!("objects/{number}"));
    metadata.quarantine(&digest, Some(&object)).await.unwrap();
    metadata.release(GRACE, 10).await.unwrap();
    metadata.quarantined_within(GRACE).await.unwrap();
}
