//! Clauses of guarantee 2 about tails: what the store has not taken is kept with the checkpoint, piece by piece.

use std::ops::Range;

use bytes::Bytes;
use registry_core::backend::{
    ClaimOutcome, PartialContent, Tail, TailChange, UploadCheckpoint, UploadState, WriteOutcome,
};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{GRACE, MINUTES, Repo, SampleBlob, SampleSession, checkpoint},
    },
};

/// A checkpoint at the end of a tail, whose bytes tell where they are.
fn with_tail(tail: Range<u64>) -> UploadCheckpoint {
    let mut kept = checkpoint(tail.end, "uploads/1");
    let bytes: Bytes = tail.clone().map(|at| (at % 251) as u8).collect();
    let cut = bytes.len() / 3;
    if let PartialContent::Store(store) = &mut kept.content {
        store.tail = Tail::from_iter([bytes.slice(..cut), bytes.slice(cut..)]);
    }
    kept
}

/// The checkpoint that a claim goes on from, and its epoch.
async fn claimed(session: &SampleSession) -> (u64, UploadCheckpoint) {
    match session.claim().await {
        ClaimOutcome::Claimed { epoch, from } => (epoch, from),
        other => panic!("claiming an open session answered {other:?}"),
    }
}

async fn appended(session: &SampleSession, epoch: u64, kept: u64, tail: Range<u64>) -> u64 {
    let change = TailChange::Append(kept);
    match session.change(epoch, with_tail(tail), change).await {
        WriteOutcome::Written { epoch } => epoch,
        WriteOutcome::Superseded => panic!("the only writer of a session was superseded"),
    }
}

/// A tail that grew piece by piece is read by a claim as one, in every process, and nobody else is told it.
pub async fn uploads_02_a_claim_reads_the_tail_that_grew(harness: &dyn MetadataHarness) {
    let session = SampleSession::new(&Repo::new(harness.metadata(), "team/app"), "session-1");
    let ends = [1, 2, 100, 100, 70_000, 1_000_000];
    let (mut epoch, mut kept) = (0, 0);
    for (number, end) in ends.into_iter().enumerate() {
        epoch = appended(&session, epoch, kept, 0..end).await;
        kept = end;
        // By one writer, and by one after another.
        if number % 2 == 1 {
            let other = session.seen_by(harness.second());
            let from;
            (epoch, from) = claimed(&other).await;
            assert_eq!(from, with_tail(0..end), "a tail of {end}");
        }
        let open = UploadState::Open(with_tail(0..end)).without_tail();
        assert_eq!(session.state().await, Some(open), "a look");
    }
    let open = UploadState::Open(with_tail(0..kept)).without_tail();
    assert_eq!(session.cancel().await, Some(open), "a cancel");
}

/// What was written and not answered is written again, with as many bytes or more, and stands there once.
pub async fn uploads_02_a_piece_that_comes_again_is_there_once(harness: &dyn MetadataHarness) {
    let session = SampleSession::new(&Repo::new(harness.metadata(), "team/app"), "session-1");
    let epoch = appended(&session, 0, 0, 10..15).await;
    for end in [20, 20, 25] {
        appended(&session, epoch, 5, 10..end).await;
    }
    assert_eq!(claimed(&session).await.1, with_tail(10..25));
}

/// Of a tail that became a part nothing is left in the next one.
pub async fn uploads_02_a_tail_is_replaced_whole(harness: &dyn MetadataHarness) {
    let session = SampleSession::new(&Repo::new(harness.metadata(), "team/app"), "session-1");
    let mut epoch = appended(&session, 0, 0, 0..10).await;
    epoch = appended(&session, epoch, 10, 0..30).await;
    for next in [32..40, 64..64, 64..65] {
        let kept = with_tail(next.clone());
        let written = session.change(epoch, kept, TailChange::Replace).await;
        assert_eq!(written, WriteOutcome::Written { epoch });
        let from;
        (epoch, from) = claimed(&session).await;
        assert_eq!(from, with_tail(next));
    }
}

/// A writer that was overtaken changes nothing of the tail, and neither does one that comes after the end.
pub async fn uploads_02_a_tail_is_its_writers(harness: &dyn MetadataHarness) {
    let session = SampleSession::new(&Repo::new(harness.metadata(), "team/app"), "session-1");
    let older = appended(&session, 0, 0, 0..10).await;
    let (newer, _) = claimed(&session.seen_by(harness.second())).await;
    for (change, tail) in [
        (TailChange::Append(10), 0..20),
        (TailChange::Replace, 16..20),
    ] {
        for epoch in [0, older] {
            let late = session.change(epoch, with_tail(tail.clone()), change).await;
            assert_eq!(late, WriteOutcome::Superseded, "{change:?} of {epoch}");
        }
    }
    let (_, from) = claimed(&session).await;
    assert_eq!(from, with_tail(0..10), "before {newer} wrote");
}

/// A write and a claim at once: the claim gives one checkpoint with its own tail, though both tails are as long.
pub async fn uploads_02_a_claim_that_races_a_write_reads_one_tail(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    at_every_head_start(async |head_start| {
        let session = SampleSession::new(&repo, &format!("session-{head_start}"));
        let other = session.seen_by(harness.second());
        let epoch = appended(&session, 0, 0, 0..10).await;
        let write = session.change(epoch, with_tail(16..26), TailChange::Replace);
        let (written, (_, from)) = race(head_start, write, claimed(&other)).await;
        let expected = match written {
            WriteOutcome::Written { .. } => 16..26,
            WriteOutcome::Superseded => 0..10,
        };
        assert_eq!(
            from,
            with_tail(expected),
            "after the write answered {written:?}"
        );
    })
    .await;
}

/// However a session ends, one of the same name has none of its tail.
pub async fn uploads_04_an_end_leaves_no_tail(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let [cancelled, finished, idle] =
        ["cancelled", "finished", "idle"].map(|id| SampleSession::new(&repo, id));
    for session in [&cancelled, &finished, &idle] {
        appended(session, 0, 0, 0..10).await;
    }
    cancelled.cancel().await;
    let epoch = finished.claimed().await;
    let blob = SampleBlob::inline("config");
    let mut command = blob.put(repo.scope().await);
    command.session = Some(finished.end(epoch));
    repo.metadata.put_blob(command).await.expect("put_blob");
    for _ in 0..2 {
        harness.advance(GRACE + MINUTES).await;
        let expired = repo.metadata.expire(GRACE, 10).await;
        expired.expect("expire");
    }
    for session in [&cancelled, &finished, &idle] {
        assert_eq!(session.claim().await, ClaimOutcome::Fresh);
        appended(session, 0, 0, 5..5).await;
        let (_, from) = claimed(session).await;
        assert_eq!(from, with_tail(5..5), "the next of its name");
    }
}
