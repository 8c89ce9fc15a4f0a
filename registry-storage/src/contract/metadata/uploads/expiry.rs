//! Clauses of guarantee 5: idle sessions end, and what they held is given back.

use registry_core::{
    Digest,
    backend::{ClaimOutcome, Metadata, ObjectKey, UploadState, WriteOutcome},
};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{GRACE, MINUTES, Repo, SampleBlob, SampleSession, checkpoint, inline_checkpoint},
    },
};

/// A session idle for longer than told is cancelled and its unfinished write given back; one that is
/// not idle for so long goes on.
pub async fn uploads_05_only_idle_sessions_expire(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    let idle = SampleSession::new(&repo, "idle");
    let small = SampleSession::new(&repo, "small");
    let busy = SampleSession::new(&repo, "busy");
    let late = SampleSession::new(&repo, "late");
    let epoch = idle.written(0, checkpoint(10, "uploads/idle")).await;
    small.written(0, inline_checkpoint("half")).await;
    let busy_epoch = busy.written(0, checkpoint(10, "uploads/busy")).await;
    harness.advance(GRACE - MINUTES * 2).await;
    assert_eq!(expire(&*harness.second()).await, [], "before its time");
    busy.written(busy_epoch, checkpoint(20, "uploads/busy"))
        .await;
    late.written(0, checkpoint(10, "uploads/late")).await;
    harness.advance(MINUTES * 4).await;
    assert_eq!(expire(&*harness.second()).await, keys(&["uploads/idle"]));

    for session in [&idle, &small] {
        assert_eq!(session.state().await, Some(UploadState::Cancelled));
        assert_eq!(session.claim().await, ClaimOutcome::Cancelled);
    }
    let written = idle.write(epoch, checkpoint(20, "uploads/idle")).await;
    assert_eq!(
        written,
        WriteOutcome::Superseded,
        "the writer of an expired session"
    );
    for session in [&busy, &late] {
        assert!(matches!(session.state().await, Some(UploadState::Open(_))));
    }
}

/// What is to be aborted is given again until it was told to be forgotten, to every process.
pub async fn uploads_05_what_expired_is_given_until_forgotten(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let repo = Repo::new(harness.metadata(), "team/app");
    for number in 0..3 {
        let session = SampleSession::new(&repo, &format!("session-{number}"));
        let kept = checkpoint(10, &format!("uploads/{number}"));
        session.written(0, kept).await;
    }
    harness.advance(GRACE + MINUTES).await;
    for view in [&metadata, &second, &metadata] {
        let given = expire(&**view).await;
        assert_eq!(given, keys(&["uploads/0", "uploads/1", "uploads/2"]));
    }
    let forgotten = keys(&["uploads/1", "uploads/never"]);
    second
        .forget_expired(&forgotten)
        .await
        .expect("forget_expired");
    assert_eq!(expire(&*metadata).await, keys(&["uploads/0", "uploads/2"]));
    // Ended sessions are forgotten in their turn, but not what they held.
    harness.advance(GRACE + MINUTES).await;
    assert_eq!(expire(&*second).await, keys(&["uploads/0", "uploads/2"]));
    assert_eq!(expire(&*second).await, keys(&["uploads/0", "uploads/2"]));
}

/// Whoever cancels may be killed before the store has given the write up.
pub async fn uploads_05_what_was_cancelled_is_given_until_forgotten(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let repo = Repo::new(harness.metadata(), "team/app");
    let [stored, inline, fresh] =
        ["stored", "inline", "fresh"].map(|id| SampleSession::new(&repo, id));
    stored.written(0, checkpoint(10, "uploads/1")).await;
    inline.written(0, inline_checkpoint("bytes")).await;
    for session in [&stored, &inline, &fresh, &stored] {
        session.cancel().await;
    }
    for view in [&metadata, &second, &metadata] {
        assert_eq!(expire(&**view).await, keys(&["uploads/1"]));
    }
    let forgotten = second.forget_expired(&keys(&["uploads/1"])).await;
    forgotten.expect("forget_expired");
    stored.cancel().await;
    assert_eq!(expire(&*metadata).await, []);
}

/// At most so many at once, and all in the end.
pub async fn uploads_05_expiry_goes_in_steps(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let mut expected = Vec::new();
    for number in 0..7 {
        let session = SampleSession::new(&repo, &format!("session-{number}"));
        let key = format!("uploads/{number}");
        session.written(0, checkpoint(10, &key)).await;
        expected.push(ObjectKey::new(key));
    }
    harness.advance(GRACE + MINUTES).await;
    let none = metadata.expire(GRACE, 0).await.expect("expire");
    assert_eq!(none, [], "at most 0");
    let mut given = Vec::new();
    while given.len() < expected.len() {
        let step = metadata.expire(GRACE, 3).await.expect("expire");
        assert!(step.len() <= 3, "{} sessions, at most 3", step.len());
        assert!(!step.is_empty(), "{} of 7 were given back", given.len());
        metadata
            .forget_expired(&step)
            .await
            .expect("forget_expired");
        given.extend(step);
    }
    given.sort();
    assert_eq!(given, expected);
    for number in 0..7 {
        let session = SampleSession::new(&repo, &format!("session-{number}"));
        assert_eq!(session.state().await, Some(UploadState::Cancelled));
    }
}

/// A session that ended is forgotten when its end is as old as that, and its blob stays.
pub async fn uploads_05_an_old_end_is_forgotten(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let cancelled = SampleSession::new(&repo, "cancelled");
    let finished = SampleSession::new(&repo, "finished");
    cancelled.written(0, checkpoint(10, "uploads/1")).await;
    cancelled.cancel().await;
    let blob = SampleBlob::inline("config");
    let mut command = blob.put(repo.scope().await);
    command.session = Some(finished.end(0));
    repo.metadata.put_blob(command).await.expect("put_blob");
    harness.advance(GRACE - MINUTES).await;
    expire(&*harness.second()).await;
    assert!(cancelled.state().await.is_some() && finished.state().await.is_some());
    harness.advance(MINUTES * 2).await;
    expire(&*harness.second()).await;
    assert_eq!(
        cancelled.state().await,
        None,
        "a cancelled session, long ago"
    );
    assert_eq!(finished.state().await, None, "a finished session, long ago");
    assert!(repo.has_blob(&Digest::sha256(b"config")).await);
}

/// A clock set back does not keep a session for ever, nor does it end one early.
pub async fn uploads_05_idleness_is_by_the_backends_time(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    let session = SampleSession::new(&repo, "session-1");
    harness.advance(GRACE).await;
    let before = repo.facts().await.now;
    harness.set_back(GRACE * 2).await;
    session.written(0, checkpoint(10, "uploads/1")).await;
    assert_eq!(expire(&*harness.second()).await, []);
    assert!(repo.facts().await.now >= before, "the time went backwards");
    harness.advance(GRACE * 2).await;
    harness.advance(GRACE + MINUTES).await;
    assert_eq!(expire(&*harness.second()).await, keys(&["uploads/1"]));
}

/// A write and an expiry at once: either the session goes on, or its write is given back.
pub async fn uploads_05_a_write_that_races_the_expiry(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    let second = harness.second();
    at_every_head_start(async |head_start| {
        let key = format!("uploads/{head_start}");
        let session = SampleSession::new(&repo, &format!("session-{head_start}"));
        let epoch = session.written(0, checkpoint(10, &key)).await;
        harness.advance(GRACE + MINUTES).await;
        let write = session.write(epoch, checkpoint(20, &key));
        let (written, given) = race(head_start, write, expire(&*second)).await;
        match written {
            WriteOutcome::Written { .. } => {
                assert_eq!(given, [], "the write of a session that goes on");
                let kept = UploadState::Open(checkpoint(20, &key));
                assert_eq!(session.state().await, Some(kept));
                session.cancel().await;
            }
            WriteOutcome::Superseded => {
                assert_eq!(given, keys(&[&key]), "the write of a session that ended");
                assert_eq!(session.state().await, Some(UploadState::Cancelled));
            }
        }
        second
            .forget_expired(&keys(&[&key]))
            .await
            .expect("forget_expired");
    })
    .await;
}

/// What is given back of sessions idle for [`GRACE`], in the order of its text.
async fn expire(metadata: &dyn Metadata) -> Vec<ObjectKey> {
    let mut given = metadata.expire(GRACE, 1000).await.expect("expire");
    given.sort();
    given
}

fn keys(texts: &[&str]) -> Vec<ObjectKey> {
    texts.iter().map(|text| ObjectKey::new(*text)).collect()
}
