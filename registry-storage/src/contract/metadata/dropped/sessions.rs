//! Commands about upload sessions, and the acknowledgement of changes.

use registry_core::{
    Change,
    backend::{ObjectKey, UploadState, WriteOutcome},
};

use super::{assert_settled, assert_wholly_or_not};
use crate::contract::{
    drive::{at_every_poll, polled},
    metadata::{
        MetadataHarness,
        fixture::{GRACE, MINUTES, Repo, SampleSession, Watch, checkpoint, inline_checkpoint},
    },
};

/// The first checkpoint of a session.
pub async fn m01_a_dropped_first_checkpoint_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| {
        let repo = Repo::new(harness.metadata(), text);
        watching(SampleSession::new(&repo, "session-1"), &repo)
    };
    assert_wholly_or_not(prepare, async |watch| {
        let session = watch.session.as_ref().expect("the session");
        session.write(0, checkpoint(10, "uploads/1")).await;
    })
    .await;
}

/// A later checkpoint, which changes how and where the bytes are kept.
pub async fn m01_a_dropped_checkpoint_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| {
        let repo = Repo::new(harness.metadata(), text);
        let session = SampleSession::new(&repo, "session-1");
        session.written(0, inline_checkpoint("half")).await;
        watching(session, &repo)
    };
    assert_wholly_or_not(prepare, async |watch| {
        let session = watch.session.as_ref().expect("the session");
        session.write(1, checkpoint(10, "uploads/1")).await;
    })
    .await;
}

/// A cancel of an open session.
pub async fn m01_a_dropped_cancel_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| {
        let repo = Repo::new(harness.metadata(), text);
        let session = SampleSession::new(&repo, "session-1");
        session.written(0, checkpoint(10, "uploads/1")).await;
        watching(session, &repo)
    };
    assert_wholly_or_not(prepare, async |watch| {
        let session = watch.session.as_ref().expect("the session");
        session.cancel().await;
    })
    .await;
}

/// A claim that was dropped leaves the session to whoever claims it next; the bytes are kept.
pub async fn m01_a_dropped_claim_leaves_a_session_that_can_be_claimed(
    harness: &dyn MetadataHarness,
) {
    let repo = Repo::new(harness.metadata(), "team/app");
    at_every_poll(async |polls| {
        let session = SampleSession::new(&repo, &format!("session-{polls}"));
        let kept = checkpoint(10, "uploads/1");
        let older = session.written(0, kept.clone()).await;
        let done = polled(polls, session.claim()).await.is_some();
        assert_eq!(session.state().await, Some(UploadState::Open(kept.clone())));
        let epoch = session.seen_by(harness.second()).claimed().await;
        assert!(epoch > older);
        let late = session.write(older, checkpoint(99, "uploads/late")).await;
        assert_eq!(late, WriteOutcome::Superseded);
        assert_eq!(session.state().await, Some(UploadState::Open(kept)));
        done
    })
    .await;
}

/// An expiry that was dropped loses no write that is to be aborted.
pub async fn m01_a_dropped_expiry_loses_nothing(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    at_every_poll(async |polls| {
        let repo = Repo::new(harness.metadata(), &format!("team-{polls}/app"));
        let keys = ["1", "2"].map(|end| format!("uploads/{polls}/{end}"));
        let sessions = keys
            .each_ref()
            .map(|key| (SampleSession::new(&repo, &key.replace('/', "-")), key));
        for (session, key) in &sessions {
            session.written(0, checkpoint(10, key)).await;
        }
        harness.advance(GRACE + MINUTES).await;
        let done = polled(polls, metadata.expire(GRACE, 100)).await.is_some();
        let mut given = metadata.expire(GRACE, 100).await.expect("expire");
        given.sort();
        let expected = keys.each_ref().map(|key| ObjectKey::new(key.as_str()));
        assert_eq!(given, expected, "after a dropped expiry");
        for (session, _) in &sessions {
            assert_eq!(session.state().await, Some(UploadState::Cancelled));
        }
        let forgotten = polled(polls, metadata.forget_expired(&given)).await;
        metadata
            .forget_expired(&given)
            .await
            .expect("forget_expired");
        let left = metadata.expire(GRACE, 100).await.expect("expire");
        assert_eq!(left, []);
        done && forgotten.is_some()
    })
    .await;
}

/// An acknowledgement that was dropped took all its changes, or none, and no other.
pub async fn m01_a_dropped_acknowledgement_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    at_every_poll(async |polls| {
        for number in 0..2 {
            Repo::create(harness.metadata(), &format!("team-{polls}-{number}/app")).await;
        }
        let before = metadata.pending(100).await.expect("pending");
        assert_eq!(before.len(), 4, "two namespaces and two repositories");
        let ids = [before[0].id, before[3].id];
        let after: Vec<Change> = before[1..3].to_vec();
        let done = polled(polls, metadata.acknowledge(&ids)).await.is_some();
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(metadata.pending(100).await.expect("pending"));
        }
        assert_settled(polls, &seen.iter().collect::<Vec<_>>(), &before, &after);
        metadata.acknowledge(&ids).await.expect("acknowledge");
        assert_eq!(metadata.pending(100).await.expect("pending"), after);
        let ids: Vec<_> = after.iter().map(|change| change.id).collect();
        metadata.acknowledge(&ids).await.expect("acknowledge");
        done
    })
    .await;
}

fn watching(session: SampleSession, repo: &Repo) -> Watch {
    Watch {
        session: Some(session),
        ..Watch::new(repo)
    }
}
