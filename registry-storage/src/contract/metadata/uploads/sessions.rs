//! Clauses of guarantees 2, 3 and 4: what a session keeps, where it is found, and how it ended.

use bytes::Bytes;
use registry_core::{
    HashState,
    backend::{
        ClaimOutcome, ObjectKey, PartialContent, StoreCheckpoint, Tail, UploadCheckpoint,
        UploadState, WriteOutcome,
    },
};

use crate::contract::metadata::{
    MetadataHarness,
    fixture::{GRACE, MINUTES, Repo, SampleSession, checkpoint, inline_checkpoint},
};

/// Offset, hash state and content of one checkpoint are read back together, byte for byte, by a look
/// and by a claim.
pub async fn uploads_02_a_checkpoint_reads_back_whole(harness: &dyn MetadataHarness) {
    let session = SampleSession::new(&Repo::new(harness.metadata(), "team/app"), "session-1");
    let mut epoch = 0;
    for kept in odd_checkpoints() {
        session.written(epoch, kept.clone()).await;
        let reader = session.seen_by(harness.second());
        assert_eq!(reader.state().await, Some(UploadState::Open(kept.clone())));
        let ClaimOutcome::Claimed { epoch: newer, from } = reader.claim().await else {
            panic!("an open session can be claimed");
        };
        assert_eq!(from, kept);
        epoch = newer;
    }
}

/// A checkpoint may lie before the one it replaces, where a writer resumed from an earlier state.
pub async fn uploads_02_the_last_checkpoint_counts(harness: &dyn MetadataHarness) {
    let session = SampleSession::new(&Repo::new(harness.metadata(), "team/app"), "session-1");
    let mut epoch = 0;
    for offset in [10, 30, 20, 0, 40] {
        let kept = checkpoint(offset, "uploads/1");
        epoch = session.written(epoch, kept.clone()).await;
        assert_eq!(session.state().await, Some(UploadState::Open(kept)));
    }
}

/// A session is found only with the repository it was opened in: another's session of the same id is
/// another session.
pub async fn uploads_03_a_session_is_found_only_in_its_repository(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let session = SampleSession::new(&repo, "session-1");
    let epoch = session.written(0, checkpoint(10, "uploads/1")).await;
    for text in ["team/app/part", "team/other", "other/app"] {
        let repo = Repo::create(harness.metadata(), text).await;
        let other = SampleSession::new(&repo, "session-1");
        assert_eq!(other.state().await, None, "found in {text}");
        assert_eq!(
            other.claim().await,
            ClaimOutcome::Fresh,
            "claimed in {text}"
        );
        let outcome = other.write(epoch, checkpoint(99, "uploads/2")).await;
        assert_eq!(outcome, WriteOutcome::Superseded, "written in {text}");
        assert_eq!(other.cancel().await, None, "cancelled in {text}");
    }
    let kept = UploadState::Open(checkpoint(10, "uploads/1"));
    assert_eq!(session.state().await, Some(kept));
    session.written(epoch, checkpoint(20, "uploads/1")).await;
}

/// Ids that differ only in what a collation ignores are different sessions.
pub async fn uploads_03_an_id_is_compared_to_the_letter(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    let ids = ["aB", "Ab", "ab", "ab=", "a-b", "a_b", "a.b"];
    for (offset, id) in (1..).zip(ids) {
        let session = SampleSession::new(&repo, id);
        assert_eq!(session.claim().await, ClaimOutcome::Fresh, "{id}");
        session.written(0, checkpoint(offset, id)).await;
    }
    for (offset, id) in (1..).zip(ids) {
        let kept = UploadState::Open(checkpoint(offset, id));
        assert_eq!(
            SampleSession::new(&repo, id).state().await,
            Some(kept),
            "{id}"
        );
    }
}

/// A cancel answers how the session stood and ends it, for one that is open or of which nothing was
/// written; no writer goes on.
pub async fn uploads_04_a_cancelled_session_stays_cancelled(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    let fresh = SampleSession::new(&repo, "fresh");
    let open = SampleSession::new(&repo, "open");
    let kept = checkpoint(10, "uploads/1");
    let epoch = open.written(0, kept.clone()).await;
    for (session, epoch, stood) in [
        (fresh, 0, None),
        (open, epoch, Some(UploadState::Open(kept))),
    ] {
        let other = session.seen_by(harness.second());
        assert_eq!(other.cancel().await, stood, "how it stood before");
        for session in [&session, &other] {
            assert_eq!(session.state().await, Some(UploadState::Cancelled));
            assert_eq!(session.claim().await, ClaimOutcome::Cancelled);
            assert_eq!(session.cancel().await, Some(UploadState::Cancelled));
            for epoch in [0, epoch, epoch + 1] {
                let late = session.write(epoch, inline_checkpoint("late")).await;
                assert_eq!(late, WriteOutcome::Superseded, "with the epoch {epoch}");
            }
        }
    }
}

/// An end is remembered as long as the session is not forgotten, however late the repeated request.
pub async fn uploads_04_an_end_is_remembered(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    let session = SampleSession::new(&repo, "session-1");
    session.cancel().await;
    harness.advance(GRACE).await;
    let expired = harness.second().expire(GRACE + MINUTES, 10).await;
    assert_eq!(expired.expect("expire"), []);
    assert_eq!(session.state().await, Some(UploadState::Cancelled));
}

/// Checkpoints that a backend of text, of 32 bits, or of one column for both contents would spoil.
fn odd_checkpoints() -> Vec<UploadCheckpoint> {
    let hash = |format: &str, bytes: &[u8]| HashState {
        format: format.to_owned(),
        bytes: bytes.to_vec(),
    };
    let stored = |offset, key: &str, state: &'static [u8]| {
        PartialContent::Store(StoreCheckpoint {
            key: ObjectKey::new(key),
            offset,
            state: Bytes::from_static(state),
            tail: Tail::default(),
        })
    };
    let all: Vec<u8> = (0..=255).collect();
    let at = |offset, hash, content| UploadCheckpoint {
        offset,
        hash,
        content,
    };
    vec![
        at(0, hash("", b""), PartialContent::Inline(Bytes::new())),
        at(0, hash("a/1", b"\0"), stored(0, "uploads/1", b"")),
        at(
            256,
            hash("b/2", &all),
            PartialContent::Inline(all.clone().into()),
        ),
        at(
            1 << 31,
            hash("a/1", &all),
            stored(1 << 31, "uploads/2", b"\0\xff\0"),
        ),
        at(
            1 << 40,
            hash("é", b"\xff"),
            stored(1 << 40, "uploads/é", b"{}"),
        ),
        at(
            3,
            hash("a/1", b"abc"),
            PartialContent::Inline(Bytes::from_static(b"\0\xff\0")),
        ),
    ]
}
