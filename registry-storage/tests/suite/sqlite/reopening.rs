//! What was answered is there when the database is opened again.

use std::time::Duration;

use futures_executor::block_on;
use registry_core::{
    Timestamp,
    backend::{Changes, Collection, ObjectKey, PutBlobOutcome, Repositories},
};
use registry_storage::ManualClock;

use super::fixture::{Client, Place};

#[test]
fn everything_answered_is_there_again() {
    let place = Place::new();
    let (facts, pending) = block_on(async {
        let metadata = place.open();
        let client = Client::new(&metadata, "team/app");
        client.push("one", "v1").await;
        client.push("two", "v2").await;
        client.put("layer", "objects/1").await.unwrap();
        let facts = metadata.facts(&"team/app".parse().unwrap()).await.unwrap();
        (facts, metadata.pending(usize::MAX).await.unwrap())
    });
    block_on(async {
        let metadata = place.open();
        let client = Client::new(&metadata, "team/app");
        assert_eq!(&client.tagged("v1").await.unwrap().bytes[..], b"one");
        assert_eq!(&client.tagged("v2").await.unwrap().bytes[..], b"two");
        let again = metadata.facts(&"team/app".parse().unwrap()).await.unwrap();
        assert_eq!(again, facts);
        assert_eq!(metadata.pending(usize::MAX).await.unwrap(), pending);
    });
}

#[test]
fn numbers_go_on_after_the_last_one_given() {
    let place = Place::new();
    let mut versions = Vec::new();
    let mut changes = Vec::new();
    for name in ["team/a", "team/b", "other/c"] {
        let metadata = place.open();
        block_on(Client::new(&metadata, name).push("same", "v1"));
        let facts = block_on(metadata.facts(&name.parse().unwrap())).unwrap();
        versions.push(facts.version.repository);
        let pending = block_on(metadata.pending(usize::MAX)).unwrap();
        let ids: Vec<_> = pending.iter().map(|change| change.id).collect();
        block_on(metadata.acknowledge(&ids)).unwrap();
        changes.extend(ids);
    }
    assert!(
        versions.is_sorted_by(|one, next| one < next),
        "{versions:?}"
    );
    assert!(changes.is_sorted_by(|one, next| one < next), "{changes:?}");
}

#[test]
fn time_does_not_go_back_behind_what_was_committed() {
    let place = Place::new();
    let late = Timestamp::default().plus(Duration::from_secs(1000));
    let clock = ManualClock::default();
    clock.set(late);
    block_on(Client::new(&place.open_with(clock), "team/app").push("one", "v1"));
    let metadata = place.open_with(ManualClock::default());
    let facts = block_on(metadata.facts(&"team/app".parse().unwrap())).unwrap();
    assert!(facts.now >= late, "{} is before {late}", facts.now);
    block_on(Client::new(&metadata, "team/app").push("two", "v2"));
    let record = block_on(Client::new(&metadata, "team/app").tagged("v2")).unwrap();
    assert!(
        record.created >= late,
        "{} is before {late}",
        record.created
    );
}

/// Keys that were given up are remembered while a command may name them, and until their objects are deleted.
#[test]
fn hazard_39_a_key_given_up_is_forgotten_only_once_it_is_deleted_and_nobody_can_name_it() {
    let place = Place::new();
    let keys = ["objects/deleted", "objects/doomed"].map(ObjectKey::new);
    block_on(async {
        let metadata = place.open();
        assert_eq!(metadata.doom(&keys, Duration::ZERO).await.unwrap(), 2);
        metadata.forget_doomed(&keys[..1]).await.unwrap();
        let client = Client::new(&metadata, "team/app");
        for key in &keys {
            let late = client.put("layer", key.as_str()).await.unwrap();
            assert_eq!(late, PutBlobOutcome::ObjectGone);
        }
        assert_eq!(remembered(&place), 2);
    });
    block_on(async {
        let metadata = place.open();
        assert_eq!(remembered(&place), 1);
        let doomed = metadata.doomed(usize::MAX).await.unwrap();
        let doomed: Vec<_> = doomed.into_iter().map(|doomed| doomed.key).collect();
        assert_eq!(doomed, keys[1..]);
        let client = Client::new(&metadata, "team/app");
        let late = client.put("layer", keys[1].as_str()).await.unwrap();
        assert_eq!(late, PutBlobOutcome::ObjectGone);
    });
}

/// Keys that were given up and are remembered.
fn remembered(place: &Place) -> u64 {
    let database = rusqlite::Connection::open(place.database()).unwrap();
    let count = database.query_row("SELECT count(*) FROM gone", (), |row| row.get::<_, i64>(0));
    u64::try_from(count.unwrap()).unwrap()
}

#[test]
fn closing_carries_the_log_over() {
    let place = Place::new();
    let metadata = place.open();
    block_on(Client::new(&metadata, "team/app").push("one", "v1"));
    assert!(place.beside("wal").exists());
    drop(metadata);
    assert!(!place.beside("wal").exists());
}

/// Enough to have the log carried over several times while readers keep their snapshots.
#[test]
fn the_log_does_not_grow_with_what_is_written() {
    const LOG_LIMIT: u64 = 48 << 20;
    let place = Place::new();
    let metadata = place.open();
    let client = Client::new(&metadata, "team/app");
    let bytes = "x".repeat(4 << 20);
    for number in 0..40 {
        block_on(client.push(&format!("{number}{bytes}"), "v1"));
        assert!(block_on(client.tagged("v1")).is_some());
    }
    let log = place.beside("wal").metadata().unwrap().len();
    assert!(log < LOG_LIMIT, "the log has grown to {log} bytes");
}
