//! Clauses of guarantee 4: tags, and the conditions under which they move.

use registry_core::{
    Digest,
    backend::{DeleteManifestOutcome, DeleteTagOutcome, PutManifestOutcome, TagCondition},
};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{GRACE, MINUTES, Repo, SampleManifest, tag, tag_if, tags, texts},
    },
};

/// The last push decides where a tag points, also where the clock has been set back meanwhile.
pub async fn content_04_the_last_push_decides_whatever_the_clock_says(
    harness: &dyn MetadataHarness,
) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let views = [repo.clone(), repo.seen_by(harness.second())];
    let manifests = ["one", "two"].map(SampleManifest::new);
    for step in 0..12 {
        match step % 3 {
            0 => harness.advance(GRACE).await,
            1 => harness.set_back(GRACE + MINUTES).await,
            _ => {}
        }
        let manifest = &manifests[step % 2];
        views[step / 2 % 2].push(manifest, &["v1"]).await;
        for view in &views {
            let found = view.tagged("v1").await;
            assert_eq!(found, Some(manifest.digest.clone()), "after push {step}");
        }
    }
}

/// The tag points where the later of two pushes at once put it, and says the same to everybody.
pub async fn content_04_pushes_at_once_leave_one_answer(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = repo.seen_by(harness.second());
    let manifests = ["one", "two"].map(SampleManifest::new);
    let moves = tags(&["v1", "v2"]);
    at_every_head_start(async |head_start| {
        let pushes = (
            repo.put_manifest(&manifests[0], &moves),
            other.put_manifest(&manifests[1], &moves),
        );
        let outcomes = race(head_start, pushes.0, pushes.1).await;
        let stored = PutManifestOutcome::Stored;
        assert_eq!(outcomes, (stored.clone(), stored));
        let found = repo.tagged("v1").await.expect("the tag");
        assert!(manifests.iter().any(|manifest| manifest.digest == found));
        assert_eq!(other.tagged("v1").await.as_ref(), Some(&found));
        assert_eq!(
            other.tagged("v2").await,
            Some(found),
            "of one push, two tags"
        );
    })
    .await;
}

/// Each condition holds exactly where it says, and a conflict tells where the tag points.
pub async fn content_04_conditions_hold_where_they_say(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let [old, new] = ["old", "new"].map(SampleManifest::new);
    repo.push(&old, &["there"]).await;
    let old_digest = || old.digest.clone();
    let cases = [
        ("absent", TagCondition::Any, true),
        ("absent", TagCondition::Absent, true),
        ("absent", TagCondition::Unmoved, true),
        ("absent", TagCondition::Is(old_digest()), false),
        ("there", TagCondition::Any, true),
        ("there", TagCondition::Absent, false),
        ("there", TagCondition::Unmoved, false),
        ("there", TagCondition::Is(old_digest()), true),
        ("there", TagCondition::Is(new.digest.clone()), false),
    ];
    for (text, condition, holds) in cases {
        let outcome = repo
            .put_manifest(&new, &[tag_if(text, condition.clone())])
            .await;
        let current = (text == "there").then(old_digest);
        let tag = tag(text);
        let expected = match holds {
            true => PutManifestOutcome::Stored,
            false => PutManifestOutcome::TagConflict {
                tag,
                current: current.clone(),
            },
        };
        assert_eq!(outcome, expected, "{text}, {condition:?}");
        let found = repo.tagged(text).await;
        let expected = if holds {
            Some(new.digest.clone())
        } else {
            current
        };
        assert_eq!(found, expected, "{text}, {condition:?}");
        repo.delete_tag("absent").await;
        repo.push(&old, &["there"]).await;
    }
}

/// A tag that points where it would be moved meets `Unmoved`, so a push can be repeated.
pub async fn content_04_a_repeated_push_meets_unmoved(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let manifest = SampleManifest::new("manifest");
    let moves = [tag_if("v1", TagCondition::Unmoved)];
    for _ in 0..2 {
        let outcome = repo.put_manifest(&manifest, &moves).await;
        assert_eq!(outcome, PutManifestOutcome::Stored);
    }
    let moves = [tag_if("v1", TagCondition::Is(manifest.digest.clone()))];
    let outcome = repo.put_manifest(&manifest, &moves).await;
    assert_eq!(outcome, PutManifestOutcome::Stored);
    let moves = [tag_if("v1", TagCondition::Absent)];
    let outcome = repo.put_manifest(&manifest, &moves).await;
    let current = Some(manifest.digest);
    let tag = tag("v1");
    assert_eq!(outcome, PutManifestOutcome::TagConflict { tag, current });
}

/// Of two pushes that may only create a tag, one creates it.
pub async fn content_04_a_tag_is_created_once(harness: &dyn MetadataHarness) {
    assert_one_of_two_moves(harness, |_| TagCondition::Absent, false).await;
}

/// Of two pushes that may not move a tag, one creates it.
pub async fn content_04_an_unmoved_tag_is_created_once(harness: &dyn MetadataHarness) {
    assert_one_of_two_moves(harness, |_| TagCondition::Unmoved, false).await;
}

/// Of two pushes that expect the tag where it was, one moves it.
pub async fn content_04_a_tag_is_moved_once_from_where_it_was(harness: &dyn MetadataHarness) {
    assert_one_of_two_moves(harness, |old| TagCondition::Is(old.clone()), true).await;
}

/// Deleting a tag leaves its manifest and the other tags; the condition is that of the deletion.
pub async fn content_04_a_tag_is_deleted_alone(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let manifest = SampleManifest::new("manifest");
    repo.push(&manifest, &["v1", "v2", "V1"]).await;
    let digest = manifest.digest.clone();
    let elsewhere = TagCondition::Is(Digest::sha256(b"elsewhere"));
    let refused = repo.delete_tag_if("v1", elsewhere.clone()).await;
    let current = digest.clone();
    assert_eq!(refused, DeleteTagOutcome::Conflict { current });
    assert_eq!(repo.tagged("v1").await, Some(digest.clone()));

    let here = TagCondition::Is(digest.clone());
    let deleted = repo.delete_tag_if("v1", here.clone()).await;
    assert_eq!(deleted, DeleteTagOutcome::Deleted { digest });
    for condition in [TagCondition::Any, here, elsewhere] {
        let again = repo.delete_tag_if("v1", condition).await;
        assert_eq!(again, DeleteTagOutcome::Absent);
    }
    assert_eq!(repo.tags().await, ["V1", "v2"]);
    assert!(repo.has_manifest(&manifest.digest).await);
}

/// Deleting a manifest removes every tag that points at it, names them, and leaves the others.
pub async fn content_04_a_manifest_goes_with_its_tags(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let [gone, kept] = ["gone", "kept"].map(SampleManifest::new);
    repo.push(&gone, &["v1", "v2", "moved"]).await;
    repo.push(&kept, &["v3", "moved"]).await;
    let outcome = repo.delete_manifest(&gone.digest).await;
    let DeleteManifestOutcome::Deleted { mut untagged } = outcome else {
        panic!("deleting a manifest answered {outcome:?}");
    };
    untagged.sort();
    assert_eq!(texts(&untagged), ["v1", "v2"]);
    assert_eq!(repo.tags().await, ["moved", "v3"]);
    assert_eq!(repo.tagged("v1").await, None);
    assert_eq!(repo.tagged("moved").await, Some(kept.digest.clone()));
    let again = repo.delete_manifest(&gone.digest).await;
    assert_eq!(again, DeleteManifestOutcome::Absent);
}

/// A tag moved away from a manifest while that is deleted points at what it was moved to; one moved
/// to it goes with it, or the manifest is there again.
pub async fn content_04_no_tag_points_at_nothing(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = repo.seen_by(harness.second());
    at_every_head_start(async |head_start| {
        let text = format!("manifest {head_start}");
        let manifest = SampleManifest::new(&text);
        repo.push(&manifest, &["v1"]).await;
        let moves = tags(&["v1", "v2"]);
        let push = repo.put_manifest(&manifest, &moves);
        let delete = other.delete_manifest(&manifest.digest);
        let (pushed, deleted) = race(head_start, push, delete).await;
        assert_eq!(pushed, PutManifestOutcome::Stored);
        assert!(matches!(deleted, DeleteManifestOutcome::Deleted { .. }));
        let there = repo.has_manifest(&manifest.digest).await;
        for text in repo.tags().await {
            assert!(there, "{text} points at a manifest that was deleted");
            assert_eq!(repo.tagged(&text).await, Some(manifest.digest.clone()));
        }
    })
    .await;
}

/// Two pushes at once that move one tag under a condition only one of them can meet.
async fn assert_one_of_two_moves(
    harness: &dyn MetadataHarness,
    condition: fn(&Digest) -> TagCondition,
    exists: bool,
) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = repo.seen_by(harness.second());
    let [old, one, two] = ["old", "one", "two"].map(SampleManifest::new);
    at_every_head_start(async |head_start| {
        let text = format!("v{head_start}");
        if exists {
            repo.push(&old, &[&text]).await;
        }
        let moves = [tag_if(&text, condition(&old.digest))];
        let pushes = (
            repo.put_manifest(&one, &moves),
            other.put_manifest(&two, &moves),
        );
        let (first, second) = race(head_start, pushes.0, pushes.1).await;
        let (winner, refused) = match first {
            PutManifestOutcome::Stored => (&one, second),
            _ => {
                assert_eq!(second, PutManifestOutcome::Stored, "neither moved the tag");
                (&two, first)
            }
        };
        let tag = tag(&text);
        let current = Some(winner.digest.clone());
        assert_eq!(refused, PutManifestOutcome::TagConflict { tag, current });
        assert_eq!(repo.tagged(&text).await, Some(winner.digest.clone()));
    })
    .await;
}
