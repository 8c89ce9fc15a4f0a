//! Many commands, few commits.

use futures_executor::block_on;
use futures_util::future::join_all;
use registry_core::backend::{MetadataErrorKind, PutBlobOutcome};
use registry_storage::sqlite::CommitCounts;

use super::fixture::{Client, Place};

#[test]
fn commands_at_once_share_commits() {
    const COMMANDS: u64 = 400;
    let place = Place::new();
    let metadata = place.open();
    let client = Client::new(&metadata, "team/app");
    block_on(client.push("first", "first"));
    let before = metadata.commit_counts();
    let pushes = (0..COMMANDS).map(|number| {
        let (client, text) = (&client, number.to_string());
        async move { client.push(&text, &format!("v{text}")).await }
    });
    block_on(join_all(pushes));
    let after = metadata.commit_counts();
    assert_eq!(after.commands - before.commands, COMMANDS);
    let commits = after.commits - before.commits;
    assert!(
        commits <= COMMANDS / 4,
        "{COMMANDS} commands took {commits} commits"
    );
    assert_eq!(block_on(client.tags()).len() as u64, COMMANDS + 1);
}

#[test]
fn commands_one_after_the_other_are_committed_each() {
    let place = Place::new();
    let metadata = place.open();
    let client = Client::new(&metadata, "team/app");
    for number in 0..5 {
        let before = metadata.commit_counts().commits;
        block_on(client.push("same", &format!("v{number}")));
        assert_eq!(metadata.commit_counts().commits, before + 1);
    }
}

#[test]
fn a_command_that_changes_nothing_commits_nothing() {
    let place = Place::new();
    let metadata = place.open();
    let client = Client::new(&metadata, "team/app");
    block_on(client.push("same", "v1"));
    let before = metadata.commit_counts();
    block_on(client.push("same", "v1"));
    assert_eq!(metadata.commit_counts(), before);
}

/// An object serves one digest, and a command that has it serve another fails.
#[test]
fn a_command_that_fails_is_undone_alone() {
    let place = Place::new();
    let metadata = place.open();
    let client = Client::new(&metadata, "team/app");
    block_on(client.put("zero", "objects/0")).unwrap();
    let puts = (0..60).map(|number| {
        let object = if number % 3 == 0 { 0 } else { number };
        let (client, text) = (&client, format!("blob {number}"));
        async move { client.put(&text, &format!("objects/{object}")).await }
    });
    for (number, outcome) in block_on(join_all(puts)).into_iter().enumerate() {
        match number % 3 {
            0 => assert_eq!(outcome.unwrap_err().kind, MetadataErrorKind::Unavailable),
            _ => assert_eq!(outcome.unwrap(), PutBlobOutcome::Stored),
        }
    }
    // A refused one has left nothing that would make this a repetition.
    let again = block_on(client.put("blob 3", "objects/3"));
    assert_eq!(again.unwrap(), PutBlobOutcome::Stored);
}

#[test]
fn commits_are_spread_by_size_and_by_time() {
    let place = Place::new();
    let metadata = place.open();
    let client = Client::new(&metadata, "team/app");
    block_on(join_all((0..50).map(|number| {
        let (client, text) = (&client, number.to_string());
        async move { client.push(&text, &format!("v{text}")).await }
    })));
    let figures = metadata.commit_figures();
    let CommitCounts { commands, commits } = figures.counts;
    assert_eq!(figures.group_sizes.counts.iter().sum::<u64>(), commits);
    assert_eq!(figures.seconds.counts.iter().sum::<u64>(), commits);
    assert_eq!(figures.group_sizes.sum, commands as f64);
    assert!(figures.seconds.sum > 0.0 && figures.failed == 0);
}

#[test]
fn a_probe_is_a_commit_that_changes_nothing() {
    let place = Place::new();
    let metadata = place.open();
    let client = Client::new(&metadata, "team/app");
    block_on(client.push("same", "v1"));
    let (before, tags) = (metadata.commit_counts(), block_on(client.tags()));
    block_on(metadata.probe()).unwrap();
    assert_eq!(metadata.commit_counts().commits, before.commits + 1);
    assert_eq!(block_on(client.tags()), tags);
}
