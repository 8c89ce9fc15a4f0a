//! The clauses of [`Changes`](registry_core::backend::Changes).

use std::collections::BTreeSet;

use futures_util::future::join_all;
use registry_core::{
    Change, Digest, Event, MediaType, Namespace, RepositoryName, Visibility,
    backend::{
        CreateNamespace, DeleteBlob, DeleteManifest, DeleteTag, FactsVersion, Metadata, MountBlob,
        Origin, PutBlob, PutManifest, Scope, TagCondition,
    },
};

use super::{
    MetadataHarness,
    fixture::{
        ALICE, ANYTHING_NEW, MINUTES, PRIVATE, PUBLIC, Repo, SampleBlob, SampleManifest, current,
        events, forget_events, name, tag, tags,
    },
};
use crate::contract::drive::{at_every_head_start, race};

/// A push that makes its namespace and repository tells each of them, and what it put.
pub async fn changes_01_a_first_push_tells_all_it_made(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let blob = SampleBlob::inline("config");
    let command = PutBlob {
        create: ANYTHING_NEW,
        ..blob.put(repo.scope().await)
    };
    current(metadata.put_blob(command).await.expect("put_blob"));
    let made = [
        Event::NamespaceCreated {
            namespace: repo.name.namespace(),
            visibility: PRIVATE.visibility,
        },
        repository_created(&repo),
        blob_pushed(&repo, &blob),
    ];
    assert_told(harness, &made).await;

    let other = repo.beside("other/app");
    let manifest = SampleManifest::new("manifest");
    let moves = tags(&["v1"]);
    let command = PutManifest {
        create: ANYTHING_NEW,
        ..manifest.put(other.scope().await, &moves)
    };
    current(metadata.put_manifest(command).await.expect("put_manifest"));
    let made = [
        Event::NamespaceCreated {
            namespace: other.name.namespace(),
            visibility: PRIVATE.visibility,
        },
        repository_created(&other),
        manifest_pushed(&other, &manifest),
        tagged(&other, "v1", None, &manifest.digest),
    ];
    assert_told(harness, &made).await;
}

/// Making a namespace or repository and changing who may read it are told.
pub async fn changes_01_places_and_their_visibility_are_told(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let namespace = Namespace::parse("team").expect("a namespace");
    let command = CreateNamespace {
        name: &namespace,
        settings: PRIVATE,
        origin: ALICE,
    };
    metadata
        .create_namespace(command)
        .await
        .expect("create_namespace");
    let visibility = Visibility::Private;
    let created = Event::NamespaceCreated {
        namespace: namespace.clone(),
        visibility,
    };
    assert_told(harness, &[created]).await;

    let repo = Repo::create(harness.metadata(), "team/app").await;
    assert_told(harness, &[repository_created(&repo)]).await;
    Repo::create(harness.metadata(), "team/app").await;
    assert_told(harness, &[]).await;

    let version = repo.facts().await.version;
    let updated = metadata
        .update_namespace(&namespace, version, PUBLIC, ALICE)
        .await;
    current(updated.expect("update_namespace"));
    let visibility = Visibility::Public;
    let changed = Event::NamespaceVisibilityChanged {
        namespace,
        visibility,
    };
    assert_told(harness, &[changed]).await;
    for visibility in [Some(Visibility::Private), None] {
        let scope = repo.scope().await;
        let set = metadata
            .set_repository_visibility(scope, visibility, ALICE)
            .await;
        current(set.expect("set_repository_visibility"));
        let repository = repo.name.clone();
        let changed = Event::RepositoryVisibilityChanged {
            repository,
            visibility,
        };
        assert_told(harness, &[changed]).await;
    }
}

/// Putting, mounting and deleting a blob are told in the repository where they happened.
pub async fn changes_01_blobs_are_told(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let target = Repo::create(harness.metadata(), "team/copy").await;
    let other = Repo::create(harness.metadata(), "other/app").await;
    forget_events(&*repo.metadata).await;
    let blob = SampleBlob::object("layer", "objects/1");
    repo.put_blob(&blob).await;
    assert_told(harness, &[blob_pushed(&repo, &blob)]).await;
    other
        .put_blob(&SampleBlob::object("layer", "objects/2"))
        .await;
    assert_told(harness, &[blob_pushed(&other, &blob)]).await;
    target.mount(&repo, &blob.digest).await;
    let mounted = Event::BlobMounted {
        repository: target.name.clone(),
        digest: blob.digest.clone(),
        from: repo.name.clone(),
    };
    assert_told(harness, &[mounted]).await;
    repo.delete_blob(&blob.digest).await;
    let deleted = Event::BlobDeleted {
        repository: repo.name.clone(),
        digest: blob.digest.clone(),
    };
    assert_told(harness, &[deleted]).await;
    repo.delete_blob(&blob.digest).await;
    assert_told(harness, &[]).await;
}

/// Storing a manifest is told once; setting, moving and removing tags each time, with where they
/// pointed.
pub async fn changes_01_manifests_and_tags_are_told(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    forget_events(&*repo.metadata).await;
    let [one, two] = ["one", "two"].map(SampleManifest::new);
    repo.push(&one, &["v1", "v2"]).await;
    let told = [
        manifest_pushed(&repo, &one),
        tagged(&repo, "v1", None, &one.digest),
        tagged(&repo, "v2", None, &one.digest),
    ];
    assert_told(harness, &told).await;
    repo.push(&two, &["v1"]).await;
    let told = [
        manifest_pushed(&repo, &two),
        tagged(&repo, "v1", Some(&one.digest), &two.digest),
    ];
    assert_told(harness, &told).await;
    repo.push(&one, &["v3"]).await;
    assert_told(harness, &[tagged(&repo, "v3", None, &one.digest)]).await;

    repo.delete_tag("v3").await;
    assert_told(harness, &[untagged(&repo, "v3", &one.digest)]).await;
    repo.delete_tag("v3").await;
    assert_told(harness, &[]).await;
    repo.push(&one, &["v4"]).await;
    forget_events(&*repo.metadata).await;
    repo.delete_manifest(&one.digest).await;
    let deleted = Event::ManifestDeleted {
        repository: repo.name.clone(),
        digest: one.digest.clone(),
    };
    let told = [
        untagged(&repo, "v2", &one.digest),
        untagged(&repo, "v4", &one.digest),
        deleted,
    ];
    assert_told(harness, &told).await;
}

/// A command that was refused, and one that is not to be recorded, are told to nobody.
pub async fn changes_01_what_did_not_happen_is_not_told(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::inline("config");
    let manifest = SampleManifest::new("manifest").with_blob(&blob.digest);
    repo.put_blob(&blob).await;
    repo.push(&manifest, &["v1"]).await;
    forget_events(&*repo.metadata).await;
    repo.delete_blob(&blob.digest).await;
    repo.delete_tag_if("v1", TagCondition::Is(blob.digest.clone()))
        .await;
    let missing = SampleManifest::new("missing").with_blob(&Digest::sha256(b"missing"));
    repo.put_manifest(&missing, &tags(&["v1"])).await;
    repo.mount(&repo.beside("team/absent"), &blob.digest).await;
    let stale = repo.scope_of(FactsVersion::default());
    repo.metadata
        .put_blob(blob.put(stale))
        .await
        .expect("put_blob");
    assert_told(harness, &[]).await;
    unrecorded(&repo).await;
    assert_told(harness, &[]).await;
}

/// A change says who made it, and when by the backend's time.
pub async fn changes_01_a_change_says_who_and_when(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    for actor in [Some("alice"), None, Some("é\u{202e}'\"\\%")] {
        harness.advance(MINUTES).await;
        let before = repo.facts().await.now;
        let blob = SampleBlob::inline(&format!("{actor:?}"));
        let record = true;
        let command = PutBlob {
            origin: Origin { actor, record },
            ..blob.put(repo.scope().await)
        };
        repo.metadata.put_blob(command).await.expect("put_blob");
        let changes = changes(&*harness.second()).await;
        let last = changes.last().expect("the change");
        assert_eq!(last.actor.as_deref(), actor);
        let after = repo.facts().await.now;
        assert!(before <= last.at && last.at <= after, "told of {}", last.at);
    }
}

/// What happened to a tag is told in the order in which it happened, however many moved it at once:
/// each change begins where the one before it ended.
pub async fn changes_02_changes_of_a_tag_are_in_order(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    forget_events(&*repo.metadata).await;
    let views = [repo.clone(), repo.seen_by(harness.second())];
    for round in 0..3 {
        let pushes = (0..8).map(async |number| {
            let manifest = SampleManifest::new(&format!("manifest {round} {number}"));
            views[number % 2].push(&manifest, &["v1"]).await;
        });
        join_all(pushes).await;
    }
    repo.delete_tag("v1").await;
    let moves = changes(&*harness.second()).await;
    let moves = moves
        .into_iter()
        .filter(|change| matches!(change.event, Event::Tagged { .. } | Event::Untagged { .. }));
    let moves: Vec<_> = moves.collect();
    assert_ids_grow(&moves);
    let mut at: Option<Digest> = None;
    let mut count = 0;
    for change in moves {
        match change.event {
            Event::Tagged { from, to, .. } => {
                assert_eq!(
                    from, at,
                    "change {} does not begin where the tag was",
                    change.id
                );
                at = Some(to);
                count += 1;
            }
            Event::Untagged { digest, .. } => {
                assert_eq!(Some(digest), at, "where the tag was when it was deleted");
                at = None;
            }
            _ => {}
        }
    }
    assert_eq!((count, at), (24, None), "moves told, and where the tag is");
}

/// What happened to a digest is told in the order in which it happened.
pub async fn changes_02_changes_of_a_digest_are_in_order(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    forget_events(&*repo.metadata).await;
    let other = repo.seen_by(harness.second());
    let blob = SampleBlob::inline("config");
    at_every_head_start(async |head_start| {
        race(
            head_start,
            repo.put_blob(&blob),
            other.delete_blob(&blob.digest),
        )
        .await;
    })
    .await;
    other.put_blob(&blob).await;
    other.delete_blob(&blob.digest).await;
    let changes = changes(&*harness.second()).await;
    assert_ids_grow(&changes);
    let mut there = false;
    for change in changes {
        match change.event {
            Event::BlobPushed { .. } => there = true,
            Event::BlobDeleted { .. } => {
                assert!(there, "change {} deletes what is not there", change.id);
                there = false;
            }
            _ => {}
        }
    }
    assert!(!there, "the last that happened to it was its deletion");
}

/// A change stays pending, for every process, until its own id was acknowledged.
pub async fn changes_03_a_change_is_told_until_acknowledged(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    for number in 0..6 {
        Repo::create(harness.metadata(), &format!("team-{number}/app")).await;
    }
    let all = changes(&*metadata).await;
    assert_eq!(all.len(), 12, "six namespaces and six repositories");
    assert_eq!(changes(&*second).await, all);
    assert_eq!(second.pending(5).await.expect("pending"), all[..5]);
    assert_eq!(second.pending(0).await.expect("pending"), [], "at most 0");

    // Out of order: one that is acknowledged does not take those before it along.
    let (told, left): (Vec<_>, Vec<_>) = all.into_iter().partition(|change| change.id % 2 == 0);
    let ids: Vec<_> = told.iter().map(|change| change.id).collect();
    for view in [&second, &metadata] {
        view.acknowledge(&ids).await.expect("acknowledge");
        view.acknowledge(&[u64::MAX >> 1])
            .await
            .expect("acknowledge");
        view.acknowledge(&[]).await.expect("acknowledge");
        assert_eq!(changes(&**view).await, left);
    }
    let new = Repo::create(harness.second(), "new/app").await;
    let last = changes(&*metadata).await.pop().expect("a change");
    assert_eq!(last.event, repository_created(&new));
    assert!(
        told.iter().chain(&left).all(|change| change.id != last.id),
        "an id again"
    );
}

/// An id that was acknowledged is not given to a later change, which would be lost by it.
pub async fn changes_03_an_acknowledged_id_does_not_come_again(harness: &dyn MetadataHarness) {
    let mut seen = BTreeSet::new();
    for number in 0..5 {
        let text = format!("team-{number}/app");
        let repo = Repo::create(harness.metadata(), &text).await;
        let pending = changes(&*harness.second()).await;
        assert_eq!(pending.len(), 2, "the changes of {}", repo.name);
        for change in &pending {
            assert!(seen.insert(change.id), "the id {} again", change.id);
        }
        forget_events(&*repo.metadata).await;
    }
}

/// The events pending are these, in whatever order, and are then acknowledged.
async fn assert_told(harness: &dyn MetadataHarness, expected: &[Event]) {
    let second = harness.second();
    let mut told = events(&*second).await;
    for event in expected {
        let place = told.iter().position(|told| told == event);
        let place = place.unwrap_or_else(|| panic!("{event:?} was not told, but {told:?}"));
        told.swap_remove(place);
    }
    assert_eq!(told, [], "told besides");
    forget_events(&*second).await;
}

async fn changes(metadata: &dyn Metadata) -> Vec<Change> {
    metadata.pending(usize::MAX).await.expect("pending")
}

/// Panics unless the ids of these changes, all of one tag or one digest, grow.
fn assert_ids_grow(changes: &[Change]) {
    let ids: Vec<_> = changes.iter().map(|change| change.id).collect();
    assert!(
        ids.is_sorted_by(|a, b| a < b),
        "ids that do not grow: {ids:?}"
    );
}

/// Does one of each, none of which is to be recorded.
async fn unrecorded(repo: &Repo) {
    let metadata = &repo.metadata;
    let actor = Some("alice");
    let record = false;
    let origin = Origin { actor, record };
    let quiet = name("quiet/app");
    let scope = Scope {
        repository: &quiet,
        facts: FactsVersion::default(),
    };
    let blob = SampleBlob::inline("quiet config");
    let manifest = SampleManifest::new("quiet");
    let moves = tags(&["v1"]);
    let put = PutBlob {
        create: ANYTHING_NEW,
        origin,
        ..blob.put(scope)
    };
    metadata.put_blob(put).await.expect("put_blob");
    let quiet = repo.beside("quiet/app");
    let put = PutManifest {
        origin,
        ..manifest.put(quiet.scope().await, &moves)
    };
    metadata.put_manifest(put).await.expect("put_manifest");
    let mount = MountBlob {
        from: quiet.scope().await,
        to: repo.scope().await,
        digest: &blob.digest,
        create: ANYTHING_NEW,
        origin,
    };
    metadata.mount_blob(mount).await.expect("mount_blob");
    let scope = quiet.scope().await;
    let delete = DeleteTag {
        scope,
        tag: &tag("v1"),
        condition: TagCondition::Any,
        origin,
    };
    metadata.delete_tag(delete).await.expect("delete_tag");
    let digest = &manifest.digest;
    let delete = DeleteManifest {
        scope,
        digest,
        origin,
    };
    metadata
        .delete_manifest(delete)
        .await
        .expect("delete_manifest");
    let digest = &blob.digest;
    let delete = DeleteBlob {
        scope,
        digest,
        origin,
    };
    metadata.delete_blob(delete).await.expect("delete_blob");
}

fn repository_created(repo: &Repo) -> Event {
    let repository: RepositoryName = repo.name.clone();
    Event::RepositoryCreated { repository }
}

fn blob_pushed(repo: &Repo, blob: &SampleBlob) -> Event {
    Event::BlobPushed {
        repository: repo.name.clone(),
        digest: blob.digest.clone(),
        size: blob.size,
    }
}

fn manifest_pushed(repo: &Repo, manifest: &SampleManifest) -> Event {
    Event::ManifestPushed {
        repository: repo.name.clone(),
        digest: manifest.digest.clone(),
        media_type: MediaType::clone(&manifest.media_type),
    }
}

fn tagged(repo: &Repo, text: &str, from: Option<&Digest>, to: &Digest) -> Event {
    Event::Tagged {
        repository: repo.name.clone(),
        tag: tag(text),
        from: from.cloned(),
        to: to.clone(),
    }
}

fn untagged(repo: &Repo, text: &str, digest: &Digest) -> Event {
    Event::Untagged {
        repository: repo.name.clone(),
        tag: tag(text),
        digest: digest.clone(),
    }
}
