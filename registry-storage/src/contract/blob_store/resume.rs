//! Clauses of guarantees 4 and 12: going on from a checkpoint, alone and beside another writer.

use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey, StoreCheckpoint, StoreError, StoreErrorKind},
};

use super::{
    BlobStoreHarness,
    fixture::{
        Sample, append, assert_same, assert_whole, lengths, part, read_range, try_append, written,
    },
};
use crate::contract::drive::{at_every_head_start, race};

/// Bytes appended after the checkpoint are forgotten, bytes below it are kept: at every offset around
/// a part, in another process, after the first writer went away.
pub async fn b04_resumes_from_a_checkpoint_at_exactly_its_offset(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    for (seed, offset) in (40..).zip(lengths(&*store)) {
        let from = left_behind(&*store, Sample::new(seed, offset)).await;
        assert_eq!(from.offset, offset, "the offset of a checkpoint");
        let tail = part(&*store) + 3;
        let key = finished(&*second, &from, Sample::new(seed, offset + tail)).await;
        let key = key.expect("a resumed write commits");
        assert_whole(&*store, &key, Sample::new(seed, offset + tail)).await;
    }
}

/// A checkpoint may be the end: nothing is appended after it.
pub async fn b04_a_checkpoint_commits_as_it_is(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    for (seed, offset) in (50..).zip(lengths(&*store)) {
        let sample = Sample::new(seed, offset);
        let from = left_behind(&*store, sample).await;
        let key = finished(&*second, &from, sample).await;
        assert_whole(&*store, &key.expect("commit"), sample).await;
    }
}

/// Also where more was to come.
pub async fn b04_more_may_be_expected_than_comes(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    for (seed, offset) in (55..).zip(lengths(&*store)) {
        let sample = Sample::new(seed, offset);
        let from = left_behind(&*store, sample).await;
        let mut write = second.resume_to_append(&from).await.expect("resume");
        let again = write.checkpoint().await.expect("checkpoint");
        assert_eq!(again.offset, offset, "the offset of a checkpoint");
        let key = write.commit(&sample.digest()).await.expect("commit");
        assert_whole(&*store, &key, sample).await;
    }
}

/// One checkpoint resumes again and again, whatever its earlier resumptions appended.
pub async fn b04_a_checkpoint_resumes_any_number_of_times(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    let from = left_behind(&*store, Sample::new(60, part + 7)).await;
    for attempt in 0..3 {
        let mut write = second.resume(&from).await.expect("resume");
        assert_eq!(write.key(), &from.key, "the key of a resumed write");
        let noise = Sample::new(61 + attempt, 3 * part);
        append(&mut *write, noise, 0..part + u64::from(attempt)).await;
    }
    let sample = Sample::new(60, 2 * part);
    let key = finished(&*store, &from, sample).await.expect("commit");
    assert_whole(&*second, &key, sample).await;
}

/// A resumed write gives checkpoints as a first one does: an upload may go through many processes.
pub async fn b04_a_resumed_write_gives_checkpoints(harness: &dyn BlobStoreHarness) {
    let stores = [harness.store(), harness.second()];
    let part = part(&*stores[0]);
    let cuts = [0, 3, part, part + 1, 2 * part + 5, 2 * part + 5, 3 * part];
    let sample = Sample::new(65, 3 * part);
    let mut at = stores[0].begin().await.expect("begin");
    let mut from = at.checkpoint().await.expect("checkpoint");
    for (step, cut) in cuts.windows(2).enumerate() {
        let resumed = stores[step % 2].resume_to_append(&from).await;
        at = resumed.expect("resume");
        append(&mut *at, sample, cut[0]..cut[1]).await;
        from = at.checkpoint().await.expect("checkpoint");
        assert_eq!(from.offset, cut[1], "the offset of checkpoint {step}");
    }
    let key = at.commit(&sample.digest()).await.expect("commit");
    assert_whole(&*stores[0], &key, sample).await;
}

/// The same writer goes on after a checkpoint as if there had been none.
pub async fn b04_a_checkpoint_does_not_disturb_its_writer(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let part = part(&*store);
    let sample = Sample::new(66, 2 * part + 2);
    let mut write = store.begin().await.expect("begin");
    for cut in [0, 1, part - 1, part, part + 1, 2 * part, 2 * part + 2].windows(2) {
        append(&mut *write, sample, cut[0]..cut[1]).await;
        let checkpoint = write.checkpoint().await.expect("checkpoint");
        assert_eq!(checkpoint.offset, cut[1]);
        let again = write.checkpoint().await.expect("the same checkpoint again");
        assert_eq!(again.offset, cut[1]);
    }
    let key = write.commit(&sample.digest()).await.expect("commit");
    assert_whole(&*store, &key, sample).await;
}

/// A newer checkpoint that was never kept does not spoil the older one, from which the upload goes on.
pub async fn b04_an_older_checkpoint_outlives_a_newer_one(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    for (seed, older) in [(70, 0), (71, 5), (72, part), (73, part + 5)] {
        let mut write = written(&*store, Sample::new(seed, older)).await;
        let from = write.checkpoint().await.expect("checkpoint");
        append(&mut *write, Sample::new(99, 3 * part), older..2 * part + 1).await;
        write.checkpoint().await.expect("a newer checkpoint");
        drop(write);
        let sample = Sample::new(seed, 3 * part);
        let key = finished(&*second, &from, sample).await.expect("commit");
        assert_whole(&*store, &key, sample).await;
    }
}

/// After the older checkpoint was resumed, the newer one either still means its own bytes or is
/// refused; it is never a mixture.
pub async fn b04_an_overtaken_checkpoint_is_whole_or_refused(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    for (older, newer) in [(5, 90), (5, part + 5), (part, 2 * part + 1)] {
        let mut write = written(&*store, Sample::new(74, older)).await;
        let from = write.checkpoint().await.expect("checkpoint");
        append(&mut *write, Sample::new(74, newer), older..newer).await;
        let overtaken = write.checkpoint().await.expect("a newer checkpoint");
        drop(write);
        let mut other = second.resume(&from).await.expect("resume");
        append(
            &mut *other,
            Sample::new(75, newer + part),
            older..newer + part,
        )
        .await;
        other.checkpoint().await.expect("checkpoint");
        drop(other);
        let sample = Sample::new(74, newer);
        if let Ok(key) = finished(&*store, &overtaken, sample).await {
            assert_whole(&*second, &key, sample).await;
        }
    }
}

/// A checkpoint that the store did not write is refused with words, never resumed on a guess.
pub async fn b04_a_checkpoint_it_did_not_write_is_refused(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let from = left_behind(&*store, Sample::new(76, 100)).await;
    let foreign = StoreCheckpoint {
        key: ObjectKey::new("no-such-write"),
        ..from.clone()
    };
    let beyond = StoreCheckpoint {
        offset: from.offset + 1,
        ..from
    };
    for checkpoint in [foreign, beyond] {
        let resumed = store.resume(&checkpoint).await;
        let resumed = resumed.map(|write| write.key().clone());
        let kind = resumed
            .expect_err("a checkpoint of nobody was resumed")
            .kind;
        let refused = [StoreErrorKind::BadCheckpoint, StoreErrorKind::Absent];
        assert!(refused.contains(&kind), "refused as {kind:?}");
    }
}

/// Notes in a checkpoint that the store does not understand make it refuse the checkpoint, unless it
/// needs none to go on rightly.
pub async fn b04_a_garbled_checkpoint_is_not_guessed(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let sample = Sample::new(77, part(&*store) + 100);
    let garbled = StoreCheckpoint {
        state: Bytes::from_static(b"\xff\x00 not a state of any store \xfe"),
        ..left_behind(&*store, sample).await
    };
    match finished(&*store, &garbled, sample).await {
        Ok(key) => assert_whole(&*store, &key, sample).await,
        Err(error) => assert_eq!(error.kind, StoreErrorKind::BadCheckpoint),
    }
}

/// Two writers of one checkpoint whose appends alternate: each that commits has its own bytes.
pub async fn b12_two_writers_of_one_checkpoint_do_not_mix(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    for offset in [0, 9, part - 1, part, part + 9] {
        let from = left_behind(&*store, Sample::new(80, offset)).await;
        let mut older = store.resume(&from).await.expect("resume");
        let mut newer = second.resume(&from).await.expect("resume");
        let tails = [Sample::new(81, 2 * part + 3), Sample::new(82, part + 3)];
        let (mut older_taken, mut newer_taken) = (Ok(()), Ok(()));
        for cut in [0, 1, part / 2, part, part + 3].windows(2) {
            older_taken = older_taken.and(try_append(&mut *older, tails[0], cut[0]..cut[1]).await);
            newer_taken = newer_taken.and(try_append(&mut *newer, tails[1], cut[0]..cut[1]).await);
        }
        let rest = part + 3..tails[0].length;
        older_taken = older_taken.and(try_append(&mut *older, tails[0], rest).await);
        if harness.overtaken_may_spoil() {
            // What a server does with a part that arrives while it completes an upload is its own care.
            older_taken = older_taken.and(older.checkpoint().await.map(drop));
        }
        let start = Sample::new(80, offset);
        let newest = match newer_taken {
            Ok(()) => newer.commit(&joined(start, tails[1]).1).await,
            Err(error) => Err(error),
        };
        let spoilt = newest.is_err() && harness.overtaken_may_spoil();
        if !spoilt {
            let key = newest.as_ref().expect("the newest writer's commit");
            assert_joined(&*store, key, start, tails[1]).await;
        }
        if older_taken.is_ok()
            && let Ok(other) = older.commit(&joined(start, tails[0]).1).await
        {
            assert_joined(&*store, &other, start, tails[0]).await;
        }
        if let Ok(key) = newest {
            assert_joined(&*second, &key, start, tails[1]).await;
        }
    }
}

/// Two writers of one checkpoint that run at once, in every order of beginning.
pub async fn b12_two_writers_at_once_do_not_mix(harness: &dyn BlobStoreHarness) {
    if !harness.completes_at_one_moment() {
        return;
    }
    let (store, second) = (harness.store(), harness.second());
    let offset = part(&*store) + 2;
    let tail = 2 * part(&*store);
    at_every_head_start(async |head_start| {
        let from = left_behind(&*store, Sample::new(83, offset)).await;
        let start = Sample::new(83, offset);
        let tails = [Sample::new(84, tail), Sample::new(85, tail + 1)];
        let (first, other) = race(
            head_start,
            appended(&*store, &from, start, tails[0]),
            appended(&*second, &from, start, tails[1]),
        )
        .await;
        assert!(
            first.is_ok() || other.is_ok() || harness.overtaken_may_spoil(),
            "of two writers at once neither could commit"
        );
        for (outcome, tail) in [(first, tails[0]), (other, tails[1])] {
            if let Ok(key) = outcome {
                assert_joined(&*store, &key, start, tail).await;
            }
        }
    })
    .await;
}

/// A writer that was overtaken and is still open cannot change what the other committed: not by an
/// append, a checkpoint, its own commit or its abort.
pub async fn b12_an_open_writer_cannot_change_a_committed_object(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    for aborts in [true, false] {
        let start = Sample::new(86, part + 2);
        let mut open = written(&*store, start).await;
        let from = open.checkpoint().await.expect("checkpoint");
        let tail = Sample::new(87, 2 * part);
        let key = appended(&*second, &from, start, tail)
            .await
            .expect("commit");

        let noise = Sample::new(88, 3 * part);
        let taken = try_append(&mut *open, noise, 0..noise.length).await;
        assert_joined(&*second, &key, start, tail).await;
        let kept = open.checkpoint().await;
        assert_joined(&*second, &key, start, tail).await;
        if aborts {
            open.abort().await.ok();
        } else if let Ok(other) = open.commit(&joined(start, noise).1).await {
            assert!(taken.is_ok() && kept.is_ok(), "a failed write committed");
            assert_joined(&*store, &other, start, noise).await;
        }
        assert_joined(&*second, &key, start, tail).await;
    }
}

/// A checkpoint of a write that has committed cannot be used to change the object.
pub async fn b12_a_checkpoint_of_a_committed_write_changes_nothing(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let part = part(&*store);
    let sample = Sample::new(89, 2 * part);
    let from = left_behind(&*store, Sample::new(89, part + 1)).await;
    let key = finished(&*store, &from, sample).await.expect("commit");
    if let Ok(mut write) = second.resume(&from).await {
        let noise = Sample::new(90, 2 * part);
        try_append(&mut *write, noise, 0..noise.length).await.ok();
        write.checkpoint().await.ok();
        assert_whole(&*store, &key, sample).await;
        write.abort().await.ok();
    }
    assert_whole(&*second, &key, sample).await;
}

/// A checkpoint at the end of the sample, of a writer that appended more and was then dropped.
async fn left_behind(store: &dyn BlobStore, sample: Sample) -> StoreCheckpoint {
    let mut write = written(store, sample).await;
    let checkpoint = write.checkpoint().await.expect("checkpoint");
    let noise = Sample::new(255, part(store) + 11);
    append(&mut *write, noise, 0..noise.length).await;
    checkpoint
}

/// Resumes, appends what is missing of the sample and commits.
async fn finished(
    store: &dyn BlobStore,
    from: &StoreCheckpoint,
    sample: Sample,
) -> Result<ObjectKey, StoreError> {
    let mut write = store.resume(from).await?;
    try_append(&mut *write, sample, from.offset..sample.length).await?;
    write.commit(&sample.digest()).await
}

/// Resumes after `start`, appends all of the tail and commits.
async fn appended(
    store: &dyn BlobStore,
    from: &StoreCheckpoint,
    start: Sample,
    tail: Sample,
) -> Result<ObjectKey, StoreError> {
    let mut write = store.resume_to_append(from).await?;
    try_append(&mut *write, tail, 0..tail.length).await?;
    write.commit(&joined(start, tail).1).await
}

/// Panics unless the object is `start` and then `tail`.
async fn assert_joined(store: &dyn BlobStore, key: &ObjectKey, start: Sample, tail: Sample) {
    let found = read_range(store, key, None).await.expect("read");
    assert_same(&found, &joined(start, tail).0, key);
}

/// One sample after another, and the digest of both.
fn joined(start: Sample, tail: Sample) -> (Vec<u8>, Digest) {
    let bytes = [start.whole(), tail.whole()].concat();
    let digest = Digest::sha256(&bytes);
    (bytes, digest)
}
