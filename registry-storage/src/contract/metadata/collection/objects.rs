//! Clauses of guarantees 5, 6 and 8: objects given up, and objects that nothing names.

use std::time::Duration;

use registry_core::backend::{NAMED_WITHIN, ObjectKey, PutBlob, PutBlobOutcome, UnknownObject};

use crate::contract::metadata::{
    MetadataHarness,
    fixture::{
        GRACE, MINUTES, Repo, SampleBlob, SampleSession, checkpoint, current, doomed, pass, unknown,
    },
};

/// The object of a removed content is given to every process until it was told to be forgotten; that
/// of a content that stays, and one that was deduplicated, never.
pub async fn collection_05_a_removed_object_is_given_until_forgotten(
    harness: &dyn MetadataHarness,
) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let repo = Repo::create(harness.metadata(), "team/app").await;
    for number in 0..4 {
        let text = format!("layer {number}");
        let key = format!("objects/{number}");
        repo.put_blob(&SampleBlob::object(&text, &key)).await;
        repo.put_blob(&SampleBlob::object(&text, "objects/other"))
            .await;
    }
    let keys: Vec<_> = (0..4)
        .map(|number| ObjectKey::new(format!("objects/{number}")))
        .collect();
    pass(harness).await;
    assert_eq!(doomed(&*metadata).await, [], "its content is there still");
    pass(harness).await;
    for view in [&metadata, &second, &metadata] {
        assert_eq!(sorted(doomed(&**view).await), keys);
        let page = view.doomed(3).await.expect("doomed");
        assert_eq!(page.len(), 3, "at most 3 of 4");
        assert!(page.iter().all(|doomed| keys.contains(&doomed.key)));
    }
    assert_eq!(metadata.doomed(0).await.expect("doomed"), [], "at most 0");
    let forgotten = [keys[1].clone(), ObjectKey::new("objects/never")];
    for view in [&second, &metadata] {
        view.forget_doomed(&forgotten).await.expect("forget_doomed");
        let left = [0, 2, 3].map(|number: usize| keys[number].clone());
        assert_eq!(sorted(doomed(&**view).await), left);
    }
    metadata.forget_doomed(&keys).await.expect("forget_doomed");
    assert_eq!(doomed(&*second).await, []);
}

/// A key once given up can never be named again, by a put that comes late: not while it waits to be
/// deleted and not after it was.
pub async fn collection_05_a_key_given_up_is_never_named_again(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::object("layer", "objects/1");
    repo.put_blob(&blob).await;
    repo.delete_blob(&blob.digest).await;
    pass(harness).await;
    let key = ObjectKey::new("objects/1");
    assert_eq!(doomed(&*repo.metadata).await, std::slice::from_ref(&key));
    let other = SampleBlob::object("other layer", "objects/1");
    for repo in [&repo, &repo.seen_by(harness.second())] {
        for late in [&blob, &other] {
            assert_eq!(repo.put_blob(late).await, PutBlobOutcome::ObjectGone);
            assert!(
                !repo.has_blob(&late.digest).await,
                "a refused blob is there"
            );
        }
    }
    let forgotten = repo
        .metadata
        .forget_doomed(std::slice::from_ref(&key))
        .await;
    forgotten.expect("forget_doomed");
    assert_eq!(repo.put_blob(&blob).await, PutBlobOutcome::ObjectGone);
    assert!(
        !repo.has_blob(&blob.digest).await,
        "a blob without an object is there"
    );
}

/// However long ago it was given up, for who could know it then.
pub async fn collection_05_a_key_is_not_named_by_who_began_before_it_was_given_up(
    harness: &dyn MetadataHarness,
) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let since = repo.facts().await.now;
    let blob = SampleBlob::object("layer", "objects/1");
    repo.put_blob(&blob).await;
    repo.delete_blob(&blob.digest).await;
    pass(harness).await;
    let collector = harness.second();
    for age in [Duration::ZERO, NAMED_WITHIN, NAMED_WITHIN * 2] {
        harness.advance(age + MINUTES).await;
        for keys in [&[ObjectKey::new("objects/1")][..], &[]] {
            collector.forget_doomed(keys).await.expect("forget_doomed");
        }
        let late = PutBlob {
            since,
            ..blob.put(repo.scope().await)
        };
        let outcome = current(repo.metadata.put_blob(late).await.expect("put_blob"));
        assert_eq!(outcome, PutBlobOutcome::ObjectGone);
        assert!(!repo.has_blob(&blob.digest).await);
    }
}

/// Of some keys, exactly those are unknown that no content, no open session and no object given up
/// names.
pub async fn collection_06_what_something_names_is_known(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let metadata = harness.second();
    let open = SampleSession::new(&repo, "open");
    open.written(0, checkpoint(10, "uploads/open")).await;
    let cancelled = SampleSession::new(&repo, "cancelled");
    cancelled
        .written(0, checkpoint(10, "uploads/cancelled"))
        .await;
    cancelled.cancel().await;
    let gone = SampleBlob::object("gone", "objects/gone");
    repo.put_blob(&gone).await;
    repo.delete_blob(&gone.digest).await;
    pass(harness).await;
    repo.put_blob(&SampleBlob::object("layer", "objects/1"))
        .await;
    repo.put_blob(&SampleBlob::object("layer", "objects/other"))
        .await;

    assert_eq!(unknown(&*metadata, &[]).await, []);
    let known = ["uploads/open", "objects/gone", "objects/1"];
    assert_eq!(unknown(&*metadata, &known).await, []);
    let all = [
        "uploads/open",
        "objects/other",
        "uploads/cancelled",
        "objects/1",
        "objects",
        "objects/gone",
        "objects/1/part",
    ];
    let found = unknown(&*metadata, &all).await;
    let expected = [
        "objects",
        "objects/1/part",
        "objects/other",
        "uploads/cancelled",
    ];
    assert_eq!(texts(&found), expected);
}

/// For how long a key has been unknown is remembered from the first time it was asked about, for all
/// processes.
pub async fn collection_06_the_age_of_the_unknown_is_remembered(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let first = unknown(&*metadata, &["objects/1"]).await;
    assert!(
        first[0].age < MINUTES,
        "unknown since now, not {:?}",
        first[0].age
    );
    harness.advance(GRACE).await;
    let found = unknown(&*second, &["objects/1", "objects/2"]).await;
    assert_eq!(texts(&found), ["objects/1", "objects/2"]);
    assert!(found[0].age >= GRACE, "unknown since the first time");
    assert!(found[1].age < MINUTES, "unknown since now");
    harness.advance(GRACE).await;
    let found = unknown(&*metadata, &["objects/1", "objects/2"]).await;
    assert!(found[0].age >= GRACE * 2 && found[1].age >= GRACE);
    assert!(found[1].age < GRACE + MINUTES, "the age of the second");
}

/// A key that was seen to be named meanwhile has been unknown only since then.
pub async fn collection_06_a_key_named_meanwhile_is_young_again(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let session = SampleSession::new(&repo, "session-1");
    assert_eq!(unknown(&*metadata, &["uploads/1"]).await.len(), 1);
    session.written(0, checkpoint(10, "uploads/1")).await;
    harness.advance(GRACE * 2).await;
    assert_eq!(unknown(&*metadata, &["uploads/1"]).await, []);
    session.cancel().await;
    let found = unknown(&*metadata, &["uploads/1"]).await;
    assert!(
        found[0].age < MINUTES,
        "unknown since its session was cancelled"
    );
    let keys = [ObjectKey::new("uploads/1")];
    assert_eq!(metadata.doom(&keys, GRACE).await.expect("doom"), 0);
}

/// Only what has been unknown for the grace, and is so still, is given up; then it is given like any
/// object given up, and can no longer be named.
pub async fn collection_06_only_the_long_unknown_is_given_up(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let texts = ["objects/1", "objects/2", "objects/late", "objects/never"];
    let keys = texts.map(ObjectKey::new);
    unknown(&*metadata, &texts[..2]).await;
    harness.advance(GRACE - MINUTES).await;
    unknown(&*metadata, &texts[2..3]).await;
    assert_eq!(second.doom(&keys, GRACE).await.expect("doom"), 0);
    assert_eq!(doomed(&*metadata).await, []);
    harness.advance(MINUTES * 2).await;
    let named = SampleBlob::object("layer", "objects/2");
    assert_eq!(repo.put_blob(&named).await, PutBlobOutcome::Stored);
    assert_eq!(second.doom(&keys, GRACE).await.expect("doom"), 1);
    assert_eq!(doomed(&*metadata).await, keys[..1]);
    assert_eq!(metadata.doom(&keys, GRACE).await.expect("doom"), 0, "again");

    let late = SampleBlob::object("late", "objects/1");
    assert_eq!(repo.put_blob(&late).await, PutBlobOutcome::ObjectGone);
    assert!(repo.has_blob(&named.digest).await, "a blob in use");
    assert_eq!(unknown(&*metadata, &texts[..2]).await, []);
}

/// What is forgotten is as young as what was never asked about; the others are as old as they were.
pub async fn collection_06_the_unknown_is_forgotten_but_for_some(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let texts = ["objects/1", "objects/2", "objects/3"];
    let keys = texts.map(ObjectKey::new);
    unknown(&*metadata, &texts).await;
    harness.advance(GRACE).await;
    let forgotten = second.forget_unknown(&keys[1..2]).await;
    forgotten.expect("forget_unknown");
    assert_eq!(metadata.doom(&keys, GRACE).await.expect("doom"), 1);
    assert_eq!(doomed(&*second).await, keys[1..2]);
    let found = unknown(&*metadata, &texts).await;
    assert!(found.iter().all(|unknown| unknown.age < MINUTES));
    harness.advance(GRACE).await;
    assert_eq!(metadata.doom(&keys, GRACE).await.expect("doom"), 2);
}

/// With no grace at all a key need not have been asked about before; what is named stays.
pub async fn collection_06_with_no_grace_the_unseen_is_given_up(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let metadata = harness.second();
    let named = SampleBlob::object("layer", "objects/2");
    repo.put_blob(&named).await;
    let keys = ["objects/1", "objects/2"].map(ObjectKey::new);
    assert_eq!(metadata.doom(&keys, MINUTES).await.expect("doom"), 0);
    let given_up = metadata.doom(&keys, Duration::ZERO).await;
    assert_eq!(given_up.expect("doom"), 1);
    assert_eq!(doomed(&*metadata).await, keys[..1]);
    assert!(repo.has_blob(&named.digest).await, "a blob in use");
    let late = SampleBlob::object("late", "objects/1");
    assert_eq!(repo.put_blob(&late).await, PutBlobOutcome::ObjectGone);
}

fn texts(found: &[UnknownObject]) -> Vec<&str> {
    found.iter().map(|unknown| unknown.key.as_str()).collect()
}

fn sorted(mut keys: Vec<ObjectKey>) -> Vec<ObjectKey> {
    keys.sort();
    keys
}

/// Where orphans are held, what has long been unknown is given up only once they are not; what was
/// refused goes at once all the same.
pub async fn collection_08_held_orphans_are_not_given_up(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let keys = ["objects/1", "objects/2"].map(ObjectKey::new);
    assert!(
        !metadata.orphans_held().await.expect("orphans_held"),
        "held from the beginning"
    );
    unknown(&*metadata, &["objects/1"]).await;
    hold(harness, true).await;
    harness.advance(GRACE + MINUTES).await;
    let found = unknown(&*second, &["objects/1"]).await;
    assert!(found[0].age >= GRACE, "what is held ages");
    assert_eq!(second.doom(&keys, GRACE).await.expect("doom"), 0);
    assert_eq!(doomed(&*metadata).await, []);
    let refused = metadata.doom(&keys[1..], Duration::ZERO).await;
    assert_eq!(refused.expect("doom"), 1, "refused");
    hold(harness, false).await;
    assert_eq!(metadata.doom(&keys, GRACE).await.expect("doom"), 1);
    assert_eq!(sorted(doomed(&*second).await), keys);
}

async fn hold(harness: &dyn MetadataHarness, held: bool) {
    let (metadata, second) = (harness.metadata(), harness.second());
    metadata.hold_orphans(held).await.expect("hold_orphans");
    let said = second.orphans_held().await.expect("orphans_held");
    assert_eq!(said, held, "every process knows");
}
