//! Clauses of guarantee 1, *all or nothing*: every command dropped after its first, second, and nth
//! poll.
//!
//! What a dropped command did may still be under way when it is dropped: a commit on a thread of its
//! own, say, or one that the server has received. So a clause looks three times. A command that commits
//! between two looks shows in a mixture of before and after once at most, and from then on wholly; one
//! that has left a half behind shows it each time.

mod collector;
mod content;
mod places;
mod sessions;

use std::fmt::Debug;

use super::fixture::Watch;
use crate::contract::drive::{at_every_poll, polled};

pub use collector::*;
pub use content::*;
pub use places::*;
pub use sessions::*;

/// Drops the command after every number of polls, each time on a stage of its own, and then repeats
/// it. What was there in between must be what was there before, or what is there after the repetition;
/// and it was told exactly if it had happened.
///
/// `prepare` makes a stage in the repository of the name given, in a namespace of its own.
async fn assert_wholly_or_not(prepare: impl AsyncFn(&str) -> Watch, command: impl AsyncFn(&Watch)) {
    at_every_poll(async |polls| {
        let watch = prepare(&format!("team-{polls}/app")).await;
        let told_before = watch.told().await;
        let before = watch.look().await;
        let done = polled(polls, command(&watch)).await.is_some();
        let mut looks = Vec::new();
        for _ in 0..3 {
            let told = watch.told().await != told_before;
            let seen = watch.look().await;
            let told_late = watch.told().await != told_before;
            looks.push((told, seen, told_late));
        }
        command(&watch).await;
        let after = watch.look().await;
        assert_ne!(before, after, "the command, repeated, did nothing");
        let seen: Vec<_> = looks.iter().map(|(_, seen, _)| seen).collect();
        assert_settled(polls, &seen, &before, &after);
        let is_told = watch.told().await != told_before;
        for (told, seen, told_late) in &looks {
            assert!(*seen != before || !told, "told before it had happened");
            assert!(
                *seen != after || *told_late == is_told,
                "it had happened, untold"
            );
        }
        done
    })
    .await;
}

/// Panics if more than one look has seen what is neither before nor after.
fn assert_settled<T: Debug + PartialEq>(polls: usize, seen: &[&T], before: &T, after: &T) {
    let mut mixed = seen
        .iter()
        .filter(|seen| **seen != before && **seen != after);
    let (first, second) = (mixed.next(), mixed.next());
    assert!(
        second.is_none(),
        "dropped after poll {polls}, a command left {first:#?}, which is neither what was there \
         before it, {before:#?}, nor what is there after it, {after:#?}"
    );
}
