//! Clauses of guarantee 11: a blob ends an upload session once.

use registry_core::{
    Digest,
    backend::{
        ClaimOutcome, ObjectKey, PutBlob, PutBlobOutcome, SessionEnd, UploadState, WriteOutcome,
    },
};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{
            Repo, SampleBlob, SampleSession, checkpoint, current, inline_checkpoint, unknown,
        },
    },
};

/// A blob ends its session, which remembers the digest, for the writer that found no row and for one
/// that holds the newest epoch.
pub async fn content_11_a_blob_ends_its_session(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::object("layer", "objects/1");
    let fresh = SampleSession::new(&repo, "fresh");
    assert_eq!(
        put(&repo, &blob, fresh.end(0)).await,
        PutBlobOutcome::Stored
    );

    let written = SampleSession::new(&repo, "written");
    let epoch = written.written(0, checkpoint(10, "uploads/1")).await;
    let other = SampleBlob::object("other layer", "objects/2");
    let outcome = put(&repo, &other, written.end(epoch)).await;
    assert_eq!(outcome, PutBlobOutcome::Stored);

    let claimed = SampleSession::new(&repo, "claimed");
    claimed.written(0, inline_checkpoint("half")).await;
    let epoch = claimed.seen_by(harness.second()).claimed().await;
    let same = SampleBlob::object("layer", "objects/3");
    let outcome = put(&repo, &same, claimed.end(epoch)).await;
    assert_eq!(outcome, PutBlobOutcome::Deduplicated);

    for (session, blob) in [(fresh, &blob), (written, &other), (claimed, &blob)] {
        let session = session.seen_by(harness.second());
        let digest = blob.digest.clone();
        assert_eq!(
            session.state().await,
            Some(UploadState::Finished(digest.clone()))
        );
        assert_eq!(
            session.claim().await,
            ClaimOutcome::Finished(digest.clone())
        );
        let late = session.write(100, inline_checkpoint("late")).await;
        assert_eq!(late, WriteOutcome::Superseded);
        assert_eq!(
            session.cancel().await,
            Some(UploadState::Finished(digest.clone()))
        );
        assert_eq!(session.state().await, Some(UploadState::Finished(digest)));
    }
    let free = unknown(&*repo.metadata, &["uploads/1"]).await;
    assert_eq!(
        free.len(),
        1,
        "a finished session names its unfinished write still"
    );
}

/// A session that was claimed by another writer meanwhile is lost, and nothing is linked.
pub async fn content_11_only_the_newest_writer_ends_a_session(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let session = SampleSession::new(&repo, "session-1");
    let first = session.written(0, inline_checkpoint("half")).await;
    let second = session.seen_by(harness.second()).claimed().await;
    assert!(second > first, "a claim raises the epoch");
    let blob = SampleBlob::object("layer", "objects/1");
    for epoch in [0, first, second + 1, u64::MAX >> 1] {
        let outcome = put(&repo, &blob, session.end(epoch)).await;
        assert_eq!(
            outcome,
            PutBlobOutcome::SessionLost,
            "with the epoch {epoch}"
        );
        assert!(
            !repo.has_blob(&blob.digest).await,
            "a refused blob is linked"
        );
        assert!(matches!(session.state().await, Some(UploadState::Open(_))));
    }
    assert_eq!(
        put(&repo, &blob, session.end(second)).await,
        PutBlobOutcome::Stored
    );
}

/// A cancelled session is lost for every writer.
pub async fn content_11_a_cancelled_session_is_lost(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::object("layer", "objects/1");
    let fresh = SampleSession::new(&repo, "fresh");
    let open = SampleSession::new(&repo, "open");
    let epoch = open.written(0, inline_checkpoint("half")).await;
    for (session, epoch) in [(fresh, 0), (open, epoch)] {
        session.seen_by(harness.second()).cancel().await;
        let outcome = put(&repo, &blob, session.end(epoch)).await;
        assert_eq!(outcome, PutBlobOutcome::SessionLost);
        assert_eq!(session.state().await, Some(UploadState::Cancelled));
    }
    assert!(
        !repo.has_blob(&blob.digest).await,
        "a refused blob is linked"
    );
}

/// The same end repeated, by a client that lost the answer, is answered as if it were the first; it
/// names the object that is kept, or frees the one given.
pub async fn content_11_the_same_end_can_be_repeated(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let session = SampleSession::new(&repo, "session-1");
    let epoch = session.written(0, inline_checkpoint("half")).await;
    let blob = SampleBlob::object("layer", "objects/1");
    for _ in 0..3 {
        let outcome = put(&repo, &blob, session.end(epoch)).await;
        assert_eq!(
            outcome,
            PutBlobOutcome::Stored,
            "with the object that is kept"
        );
    }
    let again = SampleBlob::object("layer", "objects/2");
    let outcome = put(&repo, &again, session.end(epoch)).await;
    assert_eq!(outcome, PutBlobOutcome::Deduplicated, "with another object");
    let record = repo.blob(&blob.digest).await.expect("the blob");
    assert_eq!(record.content, blob.content);
    let kept = repo.metadata.unknown(&[ObjectKey::new("objects/1")]).await;
    assert_eq!(kept.expect("unknown"), []);
}

/// A session that ended with one digest does not end with another.
pub async fn content_11_a_session_does_not_end_with_another_digest(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let session = SampleSession::new(&repo, "session-1");
    let blob = SampleBlob::inline("config");
    put(&repo, &blob, session.end(0)).await;
    let other = SampleBlob::inline("other config");
    for epoch in [0, 1, 2] {
        let outcome = put(&repo, &other, session.end(epoch)).await;
        assert_eq!(outcome, PutBlobOutcome::SessionLost);
    }
    assert!(!repo.has_blob(&other.digest).await);
    let finished = UploadState::Finished(blob.digest);
    assert_eq!(session.state().await, Some(finished));
}

/// Of two writers that end one session at once with different blobs, one ends it.
pub async fn content_11_two_ends_at_once_are_one(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = repo.seen_by(harness.second());
    at_every_head_start(async |head_start| {
        for epoch in [0, 1] {
            let text = format!("{head_start} {epoch}");
            let blobs = ["one", "two"].map(|name| SampleBlob::inline(&format!("{name} {text}")));
            let session = SampleSession::new(&repo, &format!("session-{head_start}-{epoch}"));
            let epoch = match epoch {
                0 => 0,
                _ => session.written(0, inline_checkpoint("half")).await,
            };
            let puts = (
                put(&repo, &blobs[0], session.end(epoch)),
                put(&other, &blobs[1], session.end(epoch)),
            );
            let outcomes = race(head_start, puts.0, puts.1).await;
            let (kept, lost) = match outcomes {
                (PutBlobOutcome::Stored, PutBlobOutcome::SessionLost) => (0, 1),
                (PutBlobOutcome::SessionLost, PutBlobOutcome::Stored) => (1, 0),
                outcomes => panic!("two ends of one session: {outcomes:?}"),
            };
            assert!(repo.has_blob(&blobs[kept].digest).await);
            assert!(!repo.has_blob(&blobs[lost].digest).await);
            let digest: Digest = blobs[kept].digest.clone();
            assert_eq!(session.claim().await, ClaimOutcome::Finished(digest));
        }
    })
    .await;
}

/// An end and a cancel at once: the session ends with the blob, or is cancelled and links nothing.
pub async fn content_11_an_end_that_races_a_cancel(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    at_every_head_start(async |head_start| {
        let session = SampleSession::new(&repo, &format!("session-{head_start}"));
        let other = session.seen_by(harness.second());
        let epoch = session.written(0, inline_checkpoint("half")).await;
        let blob = SampleBlob::inline(&format!("config {head_start}"));
        let end = put(&repo, &blob, session.end(epoch));
        let (ended, stood) = race(head_start, end, other.cancel()).await;
        let there = repo.has_blob(&blob.digest).await;
        match ended {
            PutBlobOutcome::Stored => {
                let finished = Some(UploadState::Finished(blob.digest));
                assert_eq!(stood, finished, "what the cancel found");
                assert_eq!(session.state().await, finished);
                assert!(there);
            }
            PutBlobOutcome::SessionLost => {
                assert!(matches!(stood, Some(UploadState::Open(_))));
                assert_eq!(session.state().await, Some(UploadState::Cancelled));
                assert!(!there, "a refused blob is linked");
            }
            outcome => panic!("an end that met a cancel: {outcome:?}"),
        }
    })
    .await;
}

async fn put(repo: &Repo, blob: &SampleBlob, end: SessionEnd<'_>) -> PutBlobOutcome {
    let command = PutBlob {
        session: Some(end),
        ..blob.put(repo.scope().await)
    };
    current(repo.metadata.put_blob(command).await.expect("put_blob"))
}
