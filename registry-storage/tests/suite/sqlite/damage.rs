//! A database that cannot be used is refused, and left as it is.

use std::fs;

use futures_executor::block_on;
use rusqlite::Connection;

use super::fixture::{Client, Place};

fn filled() -> Place {
    let place = Place::new();
    let metadata = place.open();
    for number in 0..20 {
        let text = format!("{number}{}", "x".repeat(4000));
        block_on(Client::new(&metadata, "team/app").push(&text, &format!("v{number}")));
    }
    place
}

/// Panics unless a database of these bytes is refused with these words and left as it is.
fn assert_left_alone(place: &Place, bytes: &[u8], words: &str) {
    fs::write(place.database(), bytes).unwrap();
    for _ in 0..2 {
        let message = place.refusal();
        assert!(message.contains(words), "{message}");
        assert!(message.contains("metadata.db"), "{message}");
        assert!(message.contains("left as it is"), "{message}");
        assert_eq!(fs::read(place.database()).unwrap(), bytes);
    }
}

#[test]
fn hazard_10_garbage_is_refused_and_left_as_it_is() {
    let place = filled();
    let noise: Vec<u8> = (0..9000_u32)
        .map(|number| (number * 31 % 251) as u8)
        .collect();
    assert_left_alone(&place, &noise, "no sound SQLite database");
    assert_left_alone(&place, b"{}", "no sound SQLite database");
}

#[test]
fn hazard_10_a_database_with_its_beginning_overwritten_is_refused() {
    let place = filled();
    let mut bytes = fs::read(place.database()).unwrap();
    bytes[..100].fill(0);
    assert_left_alone(&place, &bytes, "no sound SQLite database");
}

#[test]
fn hazard_10_a_database_that_was_cut_is_refused() {
    let place = filled();
    let bytes = fs::read(place.database()).unwrap();
    assert_left_alone(
        &place,
        &bytes[..bytes.len() / 2],
        "no sound SQLite database",
    );
}

#[test]
fn hazard_10_an_empty_file_is_no_new_database() {
    let place = filled();
    assert_left_alone(&place, b"", "the file is empty");
}

#[test]
fn hazard_10_a_log_without_its_database_is_not_thrown_away() {
    let place = Place::new();
    fs::write(place.beside("wal"), b"what was committed last").unwrap();
    let message = place.refusal();
    assert!(message.contains("its log is"), "{message}");
    assert_eq!(
        fs::read(place.beside("wal")).unwrap(),
        b"what was committed last"
    );
    assert!(!place.database().exists());
}

#[test]
fn a_database_of_something_else_is_refused() {
    let place = Place::new();
    let other = Connection::open(place.database()).unwrap();
    other
        .execute_batch("CREATE TABLE songs (title TEXT)")
        .unwrap();
    drop(other);
    let bytes = fs::read(place.database()).unwrap();
    assert_left_alone(&place, &bytes, "of something else");
}

#[test]
fn a_newer_schema_is_refused() {
    let place = filled();
    let newer = Connection::open(place.database()).unwrap();
    newer.pragma_update(None, "user_version", "1000").unwrap();
    drop(newer);
    let message = place.refusal();
    assert!(
        message.contains("newer version of the registry"),
        "{message}"
    );
    let newer = Connection::open(place.database()).unwrap();
    let version = newer.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    assert_eq!(version.unwrap(), 1000);
}

#[test]
fn a_making_that_was_cut_short_is_begun_again() {
    let place = Place::new();
    fs::write(place.beside("new"), b"half of a database").unwrap();
    block_on(Client::new(&place.open(), "team/app").push("one", "v1"));
    assert!(!place.beside("new").exists());
}

#[test]
fn a_second_opening_is_refused_while_the_first_lasts() {
    let place = Place::new();
    let first = place.open();
    let message = place.refusal();
    assert!(message.contains("has it open"), "{message}");
    drop(first);
    place.open();
}
