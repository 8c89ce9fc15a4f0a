//! Clauses of guarantees 9 and 10: one content per digest, and objects that nothing names.

use registry_core::{
    Digest,
    backend::{
        BlobContent, Checked, DeleteBlobOutcome, FactsVersion, MountBlobOutcome, ObjectKey,
        PutBlobOutcome, PutManifestOutcome,
    },
};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{
            GRACE, MINUTES, Repo, SampleBlob, SampleManifest, SampleSession, current, doomed, pass,
            tags, unknown,
        },
    },
};

/// The first content put for a digest serves everybody; what is put later is not referred to.
pub async fn content_09_the_first_content_serves_all(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = Repo::create(harness.second(), "other/app").await;
    let object = |key| BlobContent::Object(ObjectKey::new(key));
    let first = SampleBlob::object("layer", "objects/1");
    assert_eq!(repo.put_blob(&first).await, PutBlobOutcome::Stored);
    for (repo, key) in [
        (&repo, "objects/2"),
        (&other, "objects/3"),
        (&other, "objects/4"),
    ] {
        let later = SampleBlob::object("layer", key);
        assert_eq!(repo.put_blob(&later).await, PutBlobOutcome::Deduplicated);
        let record = repo.blob(&first.digest).await.expect("the blob");
        assert_eq!(record.content, object("objects/1"));
    }
    repo.delete_blob(&first.digest).await;
    let again = SampleBlob::object("layer", "objects/5");
    assert_eq!(repo.put_blob(&again).await, PutBlobOutcome::Deduplicated);
}

/// A put repeated with the very object that is kept is stored, not deduplicated: whoever took the
/// first answer for lost would else give up the object that serves the digest.
pub async fn content_09_a_put_repeated_is_stored_again(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::object("layer", "objects/1");
    for repo in [&repo, &repo, &repo.seen_by(harness.second())] {
        assert_eq!(repo.put_blob(&blob).await, PutBlobOutcome::Stored);
    }
    let other = Repo::create(harness.metadata(), "other/app").await;
    assert_eq!(other.put_blob(&blob).await, PutBlobOutcome::Stored);
    assert_eq!(unknown(&*repo.metadata, &["objects/1"]).await, []);
}

/// Of two first puts at once one is stored, the other deduplicated, and both are linked to the one.
pub async fn content_09_two_puts_at_once_are_one_content(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = Repo::create(harness.second(), "other/app").await;
    at_every_head_start(async |head_start| {
        let text = format!("layer {head_start}");
        let keys = [
            format!("objects/{head_start}/1"),
            format!("objects/{head_start}/2"),
        ];
        let blobs = [0, 1].map(|at| SampleBlob::object(&text, &keys[at]));
        let puts = (repo.put_blob(&blobs[0]), other.put_blob(&blobs[1]));
        let kept = match race(head_start, puts.0, puts.1).await {
            (PutBlobOutcome::Stored, PutBlobOutcome::Deduplicated) => 0,
            (PutBlobOutcome::Deduplicated, PutBlobOutcome::Stored) => 1,
            outcomes => panic!("two puts of one digest: {outcomes:?}"),
        };
        for repo in [&repo, &other] {
            let record = repo.blob(&blobs[0].digest).await.expect("the blob");
            assert_eq!(record.content, blobs[kept].content, "in {}", repo.name);
        }
        let free = unknown(&*repo.metadata, &[&keys[0], &keys[1]]).await;
        let free: Vec<_> = free.iter().map(|free| free.key.as_str()).collect();
        assert_eq!(free, [keys[1 - kept].as_str()]);
    })
    .await;
}

/// A content whose bytes are wrong stops existing for every reader, in every repository, and the
/// next put heals them all.
pub async fn content_09_a_quarantined_content_is_healed_by_a_put(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = Repo::create(harness.second(), "other/app").await;
    let bad = SampleBlob::object("layer", "objects/1");
    repo.put_blob(&bad).await;
    other.put_blob(&bad).await;
    let manifest = SampleManifest::new("manifest").with_blob(&bad.digest);
    repo.push(&manifest, &["v1"]).await;
    let quarantined = metadata
        .quarantine(&bad.digest, Some(&ObjectKey::new("objects/1")))
        .await;
    assert!(quarantined.expect("quarantine"), "it serves the digest");
    for repo in [&repo, &other] {
        assert!(!repo.has_blob(&bad.digest).await, "found in {}", repo.name);
    }
    assert_nobody_relies_on(&repo, &bad.digest).await;

    let good = SampleBlob::object("layer", "objects/2");
    assert_eq!(other.put_blob(&good).await, PutBlobOutcome::Stored);
    for repo in [&repo, &other] {
        let record = repo.blob(&good.digest).await.expect("the blob, healed");
        assert_eq!(record.content, good.content, "in {}", repo.name);
    }
    let late = metadata
        .quarantine(&bad.digest, Some(&ObjectKey::new("objects/1")))
        .await;
    assert!(
        !late.expect("quarantine"),
        "another object serves the digest now"
    );
    assert!(repo.has_blob(&good.digest).await);
}

/// Quarantining an object that does not serve the digest does nothing.
pub async fn content_09_only_the_serving_object_is_quarantined(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::object("layer", "objects/1");
    let inline = SampleBlob::inline("config");
    repo.put_blob(&blob).await;
    repo.put_blob(&inline).await;
    let absent = Digest::sha256(b"absent");
    let key = ObjectKey::new("objects/1");
    let other = ObjectKey::new("objects/2");
    for (digest, key) in [
        (&blob.digest, &other),
        (&inline.digest, &key),
        (&absent, &key),
    ] {
        let quarantined = metadata.quarantine(digest, Some(key)).await;
        assert!(
            !quarantined.expect("quarantine"),
            "{key} does not serve {digest}"
        );
    }
    assert!(repo.has_blob(&blob.digest).await && repo.has_blob(&inline.digest).await);
}

/// Content that was removed when nothing linked it is stored anew by the next put.
pub async fn content_09_removed_content_is_stored_anew(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let old = SampleBlob::object("layer", "objects/1");
    repo.put_blob(&old).await;
    repo.delete_blob(&old.digest).await;
    pass(harness).await;
    assert_eq!(doomed(&*repo.metadata).await, [ObjectKey::new("objects/1")]);
    let new = SampleBlob::object("layer", "objects/2");
    assert_eq!(repo.put_blob(&new).await, PutBlobOutcome::Stored);
    let record = repo.blob(&new.digest).await.expect("the blob");
    assert_eq!(record.content, new.content);
}

/// An object given in a command that was deduplicated or refused is named by nothing, and may be
/// given again.
pub async fn content_10_a_refused_object_is_free(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::create(harness.metadata(), "team/app").await;
    repo.put_blob(&SampleBlob::object("layer", "objects/0"))
        .await;
    let given = SampleBlob::object("layer", "objects/1");
    assert_eq!(repo.put_blob(&given).await, PutBlobOutcome::Deduplicated);
    assert_free(&repo, "deduplicated").await;

    let given = SampleBlob::object("other layer", "objects/1");
    let absent = repo.beside("team/absent");
    assert_eq!(
        absent.put_blob(&given).await,
        PutBlobOutcome::RepositoryAbsent
    );
    assert_free(&repo, "its repository is absent").await;

    let session = SampleSession::new(&repo, "session-1");
    session.cancel().await;
    let mut command = given.put(repo.scope().await);
    command.session = Some(session.end(0));
    let outcome = current(metadata.put_blob(command).await.expect("put_blob"));
    assert_eq!(outcome, PutBlobOutcome::SessionLost);
    assert_free(&repo, "its session was lost").await;

    let stale = repo.scope_of(FactsVersion::default());
    let outcome = metadata.put_blob(given.put(stale)).await.expect("put_blob");
    assert_eq!(outcome, Checked::Stale);
    assert_free(&repo, "its facts were stale").await;
    assert_eq!(repo.put_blob(&given).await, PutBlobOutcome::Stored);
}

/// An object that the collector has given up is refused, and nothing is linked.
pub async fn content_10_a_doomed_object_is_refused(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let key = ObjectKey::new("objects/1");
    unknown(&*metadata, &["objects/1"]).await;
    harness.advance(GRACE + MINUTES).await;
    let keys = std::slice::from_ref(&key);
    assert_eq!(metadata.doom(keys, GRACE).await.expect("doom"), 1);
    let blob = SampleBlob::object("layer", "objects/1");
    assert_eq!(repo.put_blob(&blob).await, PutBlobOutcome::ObjectGone);
    assert!(
        !repo.has_blob(&blob.digest).await,
        "a refused blob is there"
    );
    assert_eq!(doomed(&*metadata).await, [key]);
    let other = SampleBlob::object("layer", "objects/2");
    assert_eq!(repo.put_blob(&other).await, PutBlobOutcome::Stored);
}

/// What is quarantined can be neither required, mounted nor held.
async fn assert_nobody_relies_on(repo: &Repo, digest: &Digest) {
    let manifest = SampleManifest::new("another").with_blob(digest);
    let outcome = repo.put_manifest(&manifest, &tags(&["v2"])).await;
    let missing = vec![digest.clone()];
    assert_eq!(outcome, PutManifestOutcome::Missing(missing));
    let target = Repo::create(repo.metadata.clone(), "team/target").await;
    let mounted = target.mount(repo, digest).await;
    assert_eq!(mounted, MountBlobOutcome::SourceAbsent);
    let holders = repo.metadata.holders(digest, None, None, 10).await;
    assert_eq!(holders.expect("holders"), []);
    let deleted = target.delete_blob(digest).await;
    assert_eq!(deleted, DeleteBlobOutcome::Absent);
}

async fn assert_free(repo: &Repo, why: &str) {
    let free = unknown(&*repo.metadata, &["objects/1"]).await;
    assert_eq!(free.len(), 1, "the object is named, though {why}");
}
