//! Clauses of guarantees 2 and 3: a manifest is one transaction, and what it requires is there.

use registry_core::{
    Digest,
    backend::{
        DeleteBlobOutcome, DeleteManifestOutcome, PutManifestOutcome, ReferenceTarget, TagCondition,
    },
};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{Repo, SampleBlob, SampleManifest, tag, tag_if, tags},
    },
};

/// A refusal for a missing reference leaves every tag where it was.
pub async fn content_02_a_manifest_with_a_missing_blob_moves_no_tag(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let old = SampleManifest::new("old");
    repo.push(&old, &["v1", "v2"]).await;
    let new = SampleManifest::new("new").with_blob(&Digest::sha256(b"missing"));
    let outcome = repo.put_manifest(&new, &tags(&["v1", "v2", "v3"])).await;
    assert!(matches!(outcome, PutManifestOutcome::Missing(_)));
    assert_old_stands(&repo, &old, &new).await;
}

/// A refusal for one tag's condition leaves all tags where they were, those before it too.
pub async fn content_02_a_manifest_with_a_tag_conflict_moves_no_tag(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let old = SampleManifest::new("old");
    repo.push(&old, &["v1", "v2"]).await;
    let new = SampleManifest::new("new");
    for condition in [
        TagCondition::Absent,
        TagCondition::Unmoved,
        TagCondition::Is(new.digest.clone()),
    ] {
        let any = TagCondition::Any;
        let mut moves = vec![
            tag_if("v1", any.clone()),
            tag_if("v2", condition),
            tag_if("v3", any),
        ];
        for _ in 0..moves.len() {
            moves.rotate_left(1);
            let outcome = repo.put_manifest(&new, &moves).await;
            let current = Some(old.digest.clone());
            let tag = tag("v2");
            assert_eq!(outcome, PutManifestOutcome::TagConflict { tag, current });
            assert_old_stands(&repo, &old, &new).await;
        }
    }
}

/// Whoever sees one of a push's tags moved sees the others moved, and the manifest.
pub async fn content_02_a_push_shows_wholly_or_not_at_all(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let reader = repo.seen_by(harness.second());
    let subject = Digest::sha256(b"subject");
    at_every_head_start(async |head_start| {
        let new = SampleManifest::new(&format!("manifest {head_start}")).about(&subject);
        let moves = tags(&["v1", "v2", "v3"]);
        let looked = async {
            let early = reader.tagged("v3").await == Some(new.digest.clone());
            let first = reader.tagged("v1").await == Some(new.digest.clone());
            let stored = reader.has_manifest(&new.digest).await;
            let referrer = reader.referrers(&subject).await.contains(&new.digest);
            (early, first && stored && referrer)
        };
        let (outcome, seen) = race(head_start, repo.put_manifest(&new, &moves), looked).await;
        assert_eq!(outcome, PutManifestOutcome::Stored);
        let (early, late) = seen;
        assert!(late || !early, "a tag was seen before the rest of its push");
        assert_eq!(repo.tags().await, ["v1", "v2", "v3"]);
    })
    .await;
}

/// The answer names exactly the required references that are missing.
pub async fn content_03_a_refusal_names_exactly_what_is_missing(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::inline("config");
    let child = SampleManifest::new("child");
    repo.put_blob(&blob).await;
    repo.push(&child, &[]).await;
    let missing = [Digest::sha512(b"no manifest"), Digest::sha256(b"no blob")];
    let index = SampleManifest::new("index")
        .with_child(&child.digest)
        .with_child(&missing[0])
        .with_blob(&blob.digest)
        .with_blob(&missing[1]);
    let outcome = repo.put_manifest(&index, &[]).await;
    let PutManifestOutcome::Missing(mut found) = outcome else {
        panic!("a manifest was stored without what it requires: {outcome:?}");
    };
    found.sort();
    let mut expected = missing.to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

/// A blob is no manifest and a manifest is no blob, whatever digest they have.
pub async fn content_03_a_blob_does_not_stand_for_a_manifest(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::inline("some text");
    repo.put_blob(&blob).await;
    let child = SampleManifest::new("some other text");
    repo.push(&child, &[]).await;
    let refused = [
        SampleManifest::new("index").with_child(&blob.digest),
        SampleManifest::new("image").with_blob(&child.digest),
    ];
    for manifest in refused {
        let outcome = repo.put_manifest(&manifest, &[]).await;
        let missing = manifest.references[0].digest.clone();
        assert_eq!(outcome, PutManifestOutcome::Missing(vec![missing]));
    }
    assert!(!repo.has_manifest(&blob.digest).await);
    assert!(!repo.has_blob(&child.digest).await);
}

/// What need not exist may be absent, and binds nothing.
pub async fn content_03_what_is_not_required_may_be_absent(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::inline("config");
    let child = SampleManifest::new("child");
    repo.put_blob(&blob).await;
    repo.push(&child, &[]).await;
    let absent = Digest::sha256(b"absent");
    let index = SampleManifest::new("index")
        .referring(ReferenceTarget::Blob, &absent, false)
        .referring(ReferenceTarget::Manifest, &absent, false)
        .referring(ReferenceTarget::Blob, &blob.digest, false)
        .referring(ReferenceTarget::Manifest, &child.digest, false);
    repo.push(&index, &["v1"]).await;
    let deleted = repo.delete_blob(&blob.digest).await;
    assert_eq!(deleted, DeleteBlobOutcome::Deleted);
    let deleted = repo.delete_manifest(&child.digest).await;
    let untagged = Vec::new();
    assert_eq!(deleted, DeleteManifestOutcome::Deleted { untagged });
}

/// What is required cannot be deleted, as long as any manifest requires it; the answer names one.
pub async fn content_03_what_is_required_cannot_be_deleted(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::object("layer", "objects/1");
    let child = SampleManifest::new("child");
    repo.put_blob(&blob).await;
    repo.push(&child, &["child"]).await;
    let parents = ["one", "two"].map(|text| {
        SampleManifest::new(text)
            .with_blob(&blob.digest)
            .with_child(&child.digest)
    });
    for parent in &parents {
        repo.push(parent, &[]).await;
        // Stored again, it must not count twice.
        repo.push(parent, &[]).await;
    }
    for (left, parent) in [(2, &parents[0]), (1, &parents[1])] {
        let requiring = &parents[2 - left..];
        let deleted = repo.delete_blob(&blob.digest).await;
        let named = matches!(&deleted, DeleteBlobOutcome::Required { by }
            if requiring.iter().any(|parent| parent.digest == *by));
        assert!(named, "{left} manifests require it: {deleted:?}");
        let deleted = repo.delete_manifest(&child.digest).await;
        let named = matches!(&deleted, DeleteManifestOutcome::Required { by }
            if requiring.iter().any(|parent| parent.digest == *by));
        assert!(named, "{left} manifests require it: {deleted:?}");
        assert_eq!(repo.tagged("child").await, Some(child.digest.clone()));
        repo.delete_manifest(&parent.digest).await;
    }
    let deleted = repo.delete_blob(&blob.digest).await;
    assert_eq!(deleted, DeleteBlobOutcome::Deleted);
    let deleted = repo.delete_manifest(&child.digest).await;
    let untagged = vec![tag("child")];
    assert_eq!(deleted, DeleteManifestOutcome::Deleted { untagged });
}

/// A subject is not required: it may be absent, and may be deleted under its referrers.
pub async fn content_03_a_subject_is_not_required(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let subject = SampleManifest::new("subject");
    let signature = SampleManifest::new("signature").about(&subject.digest);
    repo.push(&signature, &[]).await;
    repo.push(&subject, &["v1"]).await;
    let deleted = repo.delete_manifest(&subject.digest).await;
    let untagged = vec![tag("v1")];
    assert_eq!(deleted, DeleteManifestOutcome::Deleted { untagged });
    assert!(repo.has_manifest(&signature.digest).await);
}

/// Of a push and a delete of the blob it requires, one is refused.
pub async fn content_03_a_push_that_races_a_delete_of_its_blob(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = repo.seen_by(harness.second());
    at_every_head_start(async |head_start| {
        for push_first in [true, false] {
            let text = format!("{head_start} {push_first}");
            let blob = SampleBlob::inline(&text);
            repo.put_blob(&blob).await;
            let manifest = SampleManifest::new(&text).with_blob(&blob.digest);
            let moves = tags(&["v1"]);
            let push = repo.put_manifest(&manifest, &moves);
            let delete = other.delete_blob(&blob.digest);
            let (pushed, deleted) = if push_first {
                race(head_start, push, delete).await
            } else {
                let (deleted, pushed) = race(head_start, delete, push).await;
                (pushed, deleted)
            };
            let (by, missing) = (manifest.digest.clone(), vec![blob.digest.clone()]);
            let kept = pushed == PutManifestOutcome::Stored
                && deleted == DeleteBlobOutcome::Required { by };
            let gone = pushed == PutManifestOutcome::Missing(missing)
                && deleted == DeleteBlobOutcome::Deleted;
            assert!(kept || gone, "{pushed:?} and {deleted:?}");
            assert_eq!(repo.has_blob(&blob.digest).await, kept);
            assert_eq!(repo.has_manifest(&manifest.digest).await, kept);
        }
    })
    .await;
}

/// Of a push of an index and a delete of its child, one is refused.
pub async fn content_03_a_push_that_races_a_delete_of_its_child(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = repo.seen_by(harness.second());
    at_every_head_start(async |head_start| {
        for push_first in [true, false] {
            let child = SampleManifest::new(&format!("child {head_start} {push_first}"));
            repo.push(&child, &["child"]).await;
            let text = format!("index {head_start} {push_first}");
            let index = SampleManifest::new(&text).with_child(&child.digest);
            let push = repo.put_manifest(&index, &[]);
            let delete = other.delete_manifest(&child.digest);
            let (pushed, deleted) = if push_first {
                race(head_start, push, delete).await
            } else {
                let (deleted, pushed) = race(head_start, delete, push).await;
                (pushed, deleted)
            };
            let kept = pushed == PutManifestOutcome::Stored;
            let refused = matches!(deleted, DeleteManifestOutcome::Required { .. });
            assert_eq!(kept, refused, "{pushed:?} and {deleted:?}");
            assert_eq!(repo.has_manifest(&child.digest).await, kept);
            assert_eq!(repo.has_manifest(&index.digest).await, kept);
        }
    })
    .await;
}

async fn assert_old_stands(repo: &Repo, old: &SampleManifest, new: &SampleManifest) {
    assert_eq!(repo.tags().await, ["v1", "v2"]);
    for text in ["v1", "v2"] {
        assert_eq!(repo.tagged(text).await, Some(old.digest.clone()), "{text}");
    }
    assert!(
        !repo.has_manifest(&new.digest).await,
        "a refused manifest is there"
    );
}
