//! A log that ends anywhere, as a power cut leaves it.
//!
//! What fails is this: pages of the log are written in any order and the last of them not at all. A
//! transaction of which a page is missing must not show, nor one behind it, whatever bytes stand in
//! its place.

use std::fs;

use futures_executor::block_on;
use registry_core::Digest;
use rusqlite::Connection;

use super::fixture::{Client, Place};

const PUSHES: usize = 30;

/// A database and its log as a crash would find them, and nothing beside them.
struct Crashed {
    database: Vec<u8>,
    log: Vec<u8>,
}

fn crashed() -> Crashed {
    let place = Place::new();
    let metadata = place.open();
    let client = Client::new(&metadata, "team/app");
    for number in 0..PUSHES {
        block_on(client.push(&bytes(number), &format!("v{number:02}")));
    }
    Crashed {
        database: fs::read(place.database()).unwrap(),
        log: fs::read(place.beside("wal")).unwrap(),
    }
}

fn bytes(number: usize) -> String {
    format!("{number} {}", "x".repeat(number * 300))
}

/// How many pushes are there, after it was made sure that they are whole and none is left out.
fn recovered(crashed: &Crashed, log: &[u8], what: &str) -> usize {
    let place = Place::new();
    fs::write(place.database(), &crashed.database).unwrap();
    fs::write(place.beside("wal"), log).unwrap();
    let metadata = place.open();
    let client = Client::new(&metadata, "team/app");
    let tags = block_on(client.tags());
    for (number, tag) in tags.iter().enumerate() {
        assert_eq!(tag.as_str(), format!("v{number:02}"), "{what}");
        let record = block_on(client.tagged(tag.as_str())).unwrap();
        assert_eq!(
            record.digest,
            Digest::sha256(bytes(number).as_bytes()),
            "{what}"
        );
        assert_eq!(&record.bytes[..], bytes(number).as_bytes(), "{what}");
    }
    // It is a database to go on with, too.
    block_on(client.push("after the crash", "z"));
    drop(metadata);
    assert_sound(&place, what);
    tags.len()
}

fn assert_sound(place: &Place, what: &str) {
    let connection = Connection::open(place.database()).unwrap();
    let check = connection.pragma_query_value(None, "integrity_check", |row| row.get(0));
    assert_eq!(check, Ok("ok".to_owned()), "{what}");
    let mut keys = connection.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!keys.exists([]).unwrap(), "{what}");
}

/// A sequence of numbers from a seed.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    }
}

#[test]
fn hazard_14_the_whole_log_has_all_that_was_answered() {
    let crashed = crashed();
    assert_eq!(recovered(&crashed, &crashed.log, "whole"), PUSHES);
}

#[test]
fn hazard_14_a_log_cut_anywhere_has_a_beginning_of_it() {
    let crashed = crashed();
    let mut recovered_most = 0;
    for seed in 0..30 {
        let cut = numbers(seed)(crashed.log.len());
        let pushes = recovered(&crashed, &crashed.log[..cut], &format!("seed {seed}"));
        recovered_most = recovered_most.max(pushes);
    }
    assert!(
        recovered_most > PUSHES / 2,
        "at most {recovered_most} pushes were recovered"
    );
}

#[test]
fn hazard_14_a_log_with_a_wrong_page_has_what_stands_before_it() {
    let crashed = crashed();
    for seed in 0..30 {
        let mut number = numbers(seed);
        let (from, length) = (number(crashed.log.len()), number(5000));
        let mut log = crashed.log.clone();
        let to = log.len().min(from + length);
        log[from..to].fill(0xa5);
        recovered(&crashed, &log, &format!("seed {seed}"));
    }
}
