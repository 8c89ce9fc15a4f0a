//! Hazard 2: whose turn it is, and which checkpoints hold.

use std::sync::{Arc, Weak};

use registry_core::backend::{BlobStore, StoreCheckpoint, StoreErrorKind};

use super::{digest, recorded::Recorded, store, written};
use crate::{
    SystemRandom,
    contract::run,
    disk::{
        DiskBlobs,
        key::{Place, place},
        resumes::{Resumes, Turn},
        upload::Upload,
    },
};

fn resumes() -> (tempfile::TempDir, Resumes) {
    let directory = tempfile::tempdir().unwrap();
    let resumes = Resumes::open(&directory.path().join("resumes")).unwrap();
    (directory, resumes)
}

fn length(resumes: &Resumes) -> u64 {
    resumes.file().metadata().unwrap().len()
}

#[test]
fn hazard_02_a_checkpoint_holds_until_a_turn_begins_below_it() {
    let (_directory, mut resumes) = resumes();
    let mut turns = vec![Turn::default()];
    for start in [10, 20, 30] {
        let before = turns[turns.len() - 1];
        turns.push(resumes.take(before, start, &SystemRandom).unwrap());
    }
    let holds = |turn: usize, offset| resumes.hold(turns[turn], offset).unwrap();
    for (turn, start) in [(0, 10), (1, 20), (2, 30)] {
        assert!(holds(turn, start), "turn {turn} at {start}");
        assert!(!holds(turn, start + 1), "turn {turn} beyond {start}");
    }
    assert!(holds(3, u64::MAX), "the turn that it is");

    resumes.take(turns[0], 5, &SystemRandom).unwrap();
    for turn in turns {
        assert!(resumes.hold(turn, 5).unwrap());
        assert!(!resumes.hold(turn, 6).unwrap());
    }
}

#[test]
fn a_record_that_a_later_one_outdoes_goes() {
    let (_directory, mut resumes) = resumes();
    let mut turns = Vec::new();
    for _ in 0..100 {
        turns.push(resumes.take(Turn::default(), 10, &SystemRandom).unwrap());
    }
    assert_eq!(length(&resumes), 16);
    turns.sort_by_key(|turn| turn.count);
    turns.dedup();
    assert_eq!(turns.len(), 100, "two turns are one");
}

/// A power cut takes the record of a turn that forgot nothing; the next turn has the same count.
#[test]
fn hazard_40_a_turn_whose_record_was_lost_is_not_taken_for_another() {
    let (_directory, mut resumes) = resumes();
    let lost = resumes.take(Turn::default(), 10, &SystemRandom).unwrap();
    resumes.file().set_len(0).unwrap();
    let mut resumes = Resumes::open(&_directory.path().join("resumes")).unwrap();
    assert!(resumes.hold(lost, 20).unwrap(), "nothing came after it");
    let next = resumes.take(Turn::default(), 10, &SystemRandom).unwrap();
    assert_eq!(next.count, lost.count);
    assert!(!resumes.hold(lost, 20).unwrap(), "its bytes are another's");
}

async fn left_behind(blobs: &DiskBlobs) -> StoreCheckpoint {
    let mut write = written(blobs, b"some bytes").await;
    write.checkpoint().await.unwrap()
}

#[test]
fn hazard_38_a_resume_that_nobody_waits_for_takes_no_turn() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let blobs = store(directory.path(), Recorded::new(directory.path()));
        let from = left_behind(&blobs).await;
        let current = blobs.resume(&from).await.unwrap();
        let Some(Place::Upload(unique)) = place(&from.key) else {
            panic!("{} names no write", from.key);
        };
        let late = Upload::resume(Arc::clone(&blobs.root), unique, &from, &Weak::new());
        let error = late.map(|_| ()).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable);
        current.commit(&digest()).await.unwrap();
    });
}
