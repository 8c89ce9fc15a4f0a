//! Clauses of guarantee 1: who may write to a session.

use registry_core::backend::{ClaimOutcome, UploadState, WriteOutcome};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{Repo, SampleSession, checkpoint, inline_checkpoint},
    },
};

/// A session of which nothing is written is fresh for everybody, and looking at it makes no row.
pub async fn uploads_01_a_session_without_a_row_is_fresh(harness: &dyn MetadataHarness) {
    let session = SampleSession::new(&Repo::new(harness.metadata(), "team/app"), "session-1");
    for view in [harness.metadata(), harness.second()] {
        let session = session.seen_by(view);
        assert_eq!(session.state().await, None);
        assert_eq!(session.claim().await, ClaimOutcome::Fresh);
        assert_eq!(session.state().await, None, "a claim of nothing made a row");
    }
    let epoch = session.written(0, inline_checkpoint("half")).await;
    assert!(epoch > 0, "the epoch of a session that has a row");
}

/// Each claim raises the epoch and gives the last checkpoint; an older epoch does nothing.
pub async fn uploads_01_a_claim_supersedes_the_writer_before(harness: &dyn MetadataHarness) {
    let session = SampleSession::new(&Repo::new(harness.metadata(), "team/app"), "session-1");
    let mut epochs = vec![0];
    let mut newest = session.written(0, checkpoint(10, "uploads/1")).await;
    let mut last = checkpoint(10, "uploads/1");
    for view in [harness.second(), harness.metadata(), harness.second()] {
        epochs.push(newest);
        let session = session.seen_by(view);
        let ClaimOutcome::Claimed { epoch, from } = session.claim().await else {
            panic!("an open session can be claimed");
        };
        assert!(
            epochs.iter().all(|older| epoch > *older),
            "{epoch} after {epochs:?}"
        );
        assert_eq!(from, last, "the checkpoint that a claim gives");
        for older in &epochs {
            let late = session.write(*older, checkpoint(99, "uploads/late")).await;
            assert_eq!(late, WriteOutcome::Superseded, "epoch {older}, now {epoch}");
            assert_eq!(session.state().await, Some(UploadState::Open(last.clone())));
        }
        last = checkpoint(10 * epoch, "uploads/1");
        newest = session.written(epoch, last.clone()).await;
        assert!(newest >= epoch, "a write does not lower the epoch");
        assert_eq!(session.state().await, Some(UploadState::Open(last.clone())));
    }
}

/// An epoch that nobody was given does nothing.
pub async fn uploads_01_an_epoch_nobody_has_is_refused(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    let absent = SampleSession::new(&repo, "absent");
    let open = SampleSession::new(&repo, "open");
    let epoch = open.written(0, checkpoint(10, "uploads/1")).await;
    for stranger in [epoch + 1, epoch + 100, i64::MAX.unsigned_abs()] {
        let outcome = open.write(stranger, checkpoint(99, "uploads/2")).await;
        assert_eq!(
            outcome,
            WriteOutcome::Superseded,
            "with the epoch {stranger}"
        );
        let outcome = absent.write(stranger, checkpoint(99, "uploads/2")).await;
        assert_eq!(
            outcome,
            WriteOutcome::Superseded,
            "of a session without a row"
        );
        assert_eq!(absent.state().await, None);
    }
    let kept = UploadState::Open(checkpoint(10, "uploads/1"));
    assert_eq!(open.state().await, Some(kept));
}

/// Of two writers that found no row, the first to write makes it; the other is superseded, whether it
/// comes later or at once.
pub async fn uploads_01_of_two_first_writes_one_makes_the_row(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    at_every_head_start(async |head_start| {
        let session = SampleSession::new(&repo, &format!("session-{head_start}"));
        let other = session.seen_by(harness.second());
        let checkpoints = [checkpoint(10, "uploads/1"), checkpoint(20, "uploads/2")];
        let writes = (
            session.write(0, checkpoints[0].clone()),
            other.write(0, checkpoints[1].clone()),
        );
        let winner = match race(head_start, writes.0, writes.1).await {
            (WriteOutcome::Written { .. }, WriteOutcome::Superseded) => 0,
            (WriteOutcome::Superseded, WriteOutcome::Written { .. }) => 1,
            outcomes => panic!("two first writes of one session: {outcomes:?}"),
        };
        let kept = UploadState::Open(checkpoints[winner].clone());
        assert_eq!(session.state().await, Some(kept.clone()));
        let late = other.write(0, checkpoint(30, "uploads/3")).await;
        assert_eq!(
            late,
            WriteOutcome::Superseded,
            "a first write that comes later"
        );
        assert_eq!(session.state().await, Some(kept));
    })
    .await;
}

/// Of two claims at once each has an epoch of its own, and only the higher one writes.
pub async fn uploads_01_of_two_claims_at_once_one_writes(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    at_every_head_start(async |head_start| {
        let session = SampleSession::new(&repo, &format!("session-{head_start}"));
        let other = session.seen_by(harness.second());
        session.written(0, checkpoint(10, "uploads/1")).await;
        let claims = race(head_start, session.claimed(), other.claimed()).await;
        assert_ne!(claims.0, claims.1, "two writers have one epoch");
        let (older, newer) = (claims.0.min(claims.1), claims.0.max(claims.1));
        let late = session.write(older, checkpoint(20, "uploads/1")).await;
        assert_eq!(late, WriteOutcome::Superseded);
        session.written(newer, checkpoint(30, "uploads/1")).await;
    })
    .await;
}

/// A write and a claim at once: the claim gives the checkpoint of the write, or supersedes it.
pub async fn uploads_01_a_write_that_races_a_claim(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    at_every_head_start(async |head_start| {
        let session = SampleSession::new(&repo, &format!("session-{head_start}"));
        let other = session.seen_by(harness.second());
        let [before, after] = [10, 20].map(|offset| checkpoint(offset, "uploads/1"));
        let epoch = session.written(0, before.clone()).await;
        let write = session.write(epoch, after.clone());
        let (written, claimed) = race(head_start, write, other.claim()).await;
        let ClaimOutcome::Claimed { from, .. } = claimed else {
            panic!("an open session can be claimed: {claimed:?}");
        };
        let expected = match written {
            WriteOutcome::Written { .. } => after,
            WriteOutcome::Superseded => before,
        };
        assert_eq!(from, expected, "after the write answered {written:?}");
        assert_eq!(session.state().await, Some(UploadState::Open(expected)));
    })
    .await;
}
