//! Clauses of guarantee 1, *all or nothing*: a refused command leaves nothing behind.

use registry_core::{
    Digest, Event,
    backend::{
        CreateRule, DeleteBlobOutcome, MountBlob, MountBlobOutcome, ObjectKey, PutBlob,
        PutBlobOutcome, PutManifest, PutManifestOutcome, ReferenceTarget, TagCondition,
    },
};

use super::{
    MetadataHarness,
    fixture::{
        ALICE, ANYTHING_NEW, PRIVATE, Repo, SampleBlob, SampleManifest, SampleSession, current,
        events, forget_events, inline_checkpoint, namespace, repo_in, tag_if, tags,
    },
};

/// A push that may make the namespace but not the repository makes neither, nor the other way round.
pub async fn m01_a_push_that_may_not_make_its_repository_makes_nothing(
    harness: &dyn MetadataHarness,
) {
    let metadata = harness.metadata();
    let blob = SampleBlob::object("layer", "objects/1");
    let manifest = SampleManifest::new("manifest");
    let only_namespace = CreateRule {
        namespace: Some(PRIVATE),
        repository: false,
    };
    let only_repository = CreateRule {
        namespace: None,
        repository: true,
    };
    for create in [only_namespace, only_repository] {
        let repo = Repo::new(harness.metadata(), "team/app");
        let command = PutBlob {
            create,
            ..blob.put(repo.scope().await)
        };
        let outcome = current(metadata.put_blob(command).await.expect("put_blob"));
        assert_eq!(outcome, PutBlobOutcome::RepositoryAbsent);
        let tags = tags(&["v1"]);
        let command = PutManifest {
            create,
            ..manifest.put(repo.scope().await, &tags)
        };
        let outcome = current(metadata.put_manifest(command).await.expect("put_manifest"));
        assert_eq!(outcome, PutManifestOutcome::RepositoryAbsent);
        assert_nothing_made(harness).await;
    }
}

/// A push that may make nothing, into a namespace that exists.
pub async fn m01_a_push_into_an_absent_repository_makes_nothing(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    namespace(&*metadata, "team", PRIVATE).await;
    forget_events(&*metadata).await;
    let repo = Repo::new(harness.metadata(), "team/app");
    let blob = SampleBlob::inline("config");
    let manifest = SampleManifest::new("manifest");
    let outcome = repo.put_blob(&blob).await;
    assert_eq!(outcome, PutBlobOutcome::RepositoryAbsent);
    let outcome = repo.put_manifest(&manifest, &tags(&["v1"])).await;
    assert_eq!(outcome, PutManifestOutcome::RepositoryAbsent);
    assert!(!repo.exists().await, "a refused push made the repository");
    assert_eq!(events(&*metadata).await, [], "a refused push was told");
}

/// A manifest refused for what it lacks does not make its namespace, repository or tag.
pub async fn m01_a_manifest_refused_for_a_missing_blob_makes_nothing(
    harness: &dyn MetadataHarness,
) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let missing = Digest::sha256(b"missing");
    let manifest = SampleManifest::new("manifest").with_blob(&missing);
    let tags = tags(&["v1"]);
    let command = PutManifest {
        create: ANYTHING_NEW,
        ..manifest.put(repo.scope().await, &tags)
    };
    let outcome = current(metadata.put_manifest(command).await.expect("put_manifest"));
    assert_eq!(outcome, PutManifestOutcome::Missing(vec![missing]));
    assert_nothing_made(harness).await;
}

/// A manifest refused for a tag's condition does not make its namespace or repository.
pub async fn m01_a_manifest_refused_for_its_tag_makes_nothing(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let manifest = SampleManifest::new("manifest");
    let condition = TagCondition::Is(Digest::sha256(b"elsewhere"));
    let tags = [
        tag_if("v1", TagCondition::Any),
        tag_if("v2", condition.clone()),
    ];
    let command = PutManifest {
        create: ANYTHING_NEW,
        ..manifest.put(repo.scope().await, &tags)
    };
    let outcome = current(metadata.put_manifest(command).await.expect("put_manifest"));
    let expected = PutManifestOutcome::TagConflict {
        tag: tags[1].tag.clone(),
        current: None,
    };
    assert_eq!(outcome, expected);
    assert_nothing_made(harness).await;
}

/// A blob refused for its session does not make its namespace or repository.
pub async fn m01_a_blob_refused_for_its_session_makes_nothing(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let session = SampleSession::new(&repo, "session-1");
    session.cancel().await;
    let blob = SampleBlob::object("layer", "objects/1");
    let command = PutBlob {
        create: ANYTHING_NEW,
        session: Some(session.end(0)),
        ..blob.put(repo.scope().await)
    };
    let outcome = current(metadata.put_blob(command).await.expect("put_blob"));
    assert_eq!(outcome, PutBlobOutcome::SessionLost);
    assert_nothing_made(harness).await;
}

/// A mount of what is not there does not make its namespace or repository.
pub async fn m01_a_mount_of_nothing_makes_nothing(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let (from, to) = (
        Repo::new(harness.metadata(), "base/os"),
        Repo::new(harness.metadata(), "team/app"),
    );
    let command = MountBlob {
        from: from.scope().await,
        to: to.scope().await,
        digest: &Digest::sha256(b"layer"),
        create: ANYTHING_NEW,
        origin: ALICE,
    };
    let outcome = current(metadata.mount_blob(command).await.expect("mount_blob"));
    assert_eq!(outcome, MountBlobOutcome::SourceAbsent);
    assert_nothing_made(harness).await;
}

/// What a refused manifest refers to is not kept by it: the references went with it.
pub async fn m01_a_refused_manifest_keeps_nothing(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = repo_in(harness.metadata(), PRIVATE, "team/app").await;
    let blob = SampleBlob::inline("config");
    repo.put_blob(&blob).await;
    let subject = Digest::sha256(b"subject");
    let refused = SampleManifest::new("refused")
        .with_blob(&blob.digest)
        .referring(ReferenceTarget::Manifest, &Digest::sha256(b"no"), true)
        .about(&subject);
    let before = events(&*metadata).await;
    let outcome = repo.put_manifest(&refused, &tags(&["v1"])).await;
    assert!(matches!(outcome, PutManifestOutcome::Missing(_)));
    assert_eq!(repo.tags().await, <[&str; 0]>::default());
    assert!(!repo.has_manifest(&refused.digest).await);
    assert_eq!(repo.referrers(&subject).await, []);
    assert_eq!(events(&*metadata).await, before, "a refusal was told");
    let deleted = repo.delete_blob(&blob.digest).await;
    assert_eq!(deleted, DeleteBlobOutcome::Deleted);
}

/// A session that a refused blob was to end goes on.
pub async fn m01_a_refused_blob_does_not_end_its_session(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let session = SampleSession::new(&repo, "session-1");
    let epoch = session.written(0, inline_checkpoint("half")).await;
    let blob = SampleBlob::object("layer", "objects/1");
    let command = PutBlob {
        session: Some(session.end(epoch)),
        ..blob.put(repo.scope().await)
    };
    let outcome = current(metadata.put_blob(command).await.expect("put_blob"));
    assert_eq!(outcome, PutBlobOutcome::RepositoryAbsent);
    session.written(epoch, inline_checkpoint("whole")).await;
}

/// Neither `base` nor `team` exists, nor anything in them, and nothing was told.
async fn assert_nothing_made(harness: &dyn MetadataHarness) {
    let second = harness.second();
    for text in ["team/app", "base/os"] {
        let repo = Repo::new(harness.second(), text);
        let facts = repo.facts().await;
        assert_eq!(facts.namespace, None, "a refused command made {text}");
        assert_eq!(facts.repository, None, "a refused command made {text}");
        assert_eq!(facts.version, Default::default(), "the version of nothing");
        assert!(!repo.exists().await, "a refused command made {text}");
        assert_eq!(repo.tags().await, <[&str; 0]>::default());
    }
    let told: Vec<Event> = events(&*second).await;
    assert_eq!(told, [], "a refused command was told");
    let objects = second.unknown(&[ObjectKey::new("objects/1")]).await;
    let objects = objects.expect("unknown");
    assert_eq!(objects.len(), 1, "a refused object is still named");
}
