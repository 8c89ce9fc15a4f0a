//! Databases that are lost, and made again as an operator makes them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    backup::ledger::{Ledger, Load},
    data::Data,
    exchange::content,
    server::{Ended, Server, ask, run},
};

const REPOSITORY: &str = "team/app";

fn rebuild(data: &Data) -> Ended {
    run(&["repair", "--rebuild", "--data", data.path()])
}

/// Takes the database away, and whatever belongs to it.
fn lose(data: &Data) {
    for file in [
        "metadata.sqlite",
        "metadata.sqlite-wal",
        "metadata.sqlite-shm",
    ] {
        // What was closed has no log.
        let _ = fs::remove_file(Path::new(data.path()).join(file));
    }
}

fn last_segment(data: &Data) -> PathBuf {
    let journal = Path::new(data.path()).join("content/journal");
    let segments = fs::read_dir(journal).unwrap();
    segments.map(|entry| entry.unwrap().path()).max().unwrap()
}

fn push(server: &Server, ledger: &Ledger, numbers: std::ops::Range<u64>) {
    for number in numbers {
        // Some of it is kept in the database, some in files.
        let length = if number % 2 == 0 { 30_000 } else { 300 };
        let (tag, layer) = (format!("image-{number}"), content(number, length));
        assert!(ledger.push_image(server.host(), REPOSITORY, &tag, &layer));
    }
}

fn figure(server: &Server, name: &str) -> f64 {
    let figures = ask(&mut server.connect(), "GET /metrics");
    let line = figures.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name}: {figures}"))
        .trim()
        .parse()
        .unwrap()
}

/// Waits until the journal has what was answered up to now: until it had everything for the second
/// time, for the first may have been begun before.
fn journal_is_written(server: &Server) {
    let complete = || figure(server, "registry_journal_complete_timestamp_seconds ");
    for _ in 0..2 {
        let before = complete();
        while complete() <= before {
            std::thread::yield_now();
        }
    }
}

fn stop(server: Server) {
    server.signal("TERM");
    assert_eq!(server.ended().status.code(), Some(0));
}

#[track_caller]
fn ended_with(code: i32, ended: &Ended, words: &[&str]) {
    assert_eq!(
        ended.status.code(),
        Some(code),
        "{}{}",
        ended.out,
        ended.err
    );
    for word in words {
        let said = ended.out.contains(word) || ended.err.contains(word);
        assert!(said, "{word}: {}{}", ended.out, ended.err);
    }
}

#[test]
fn a_database_lost_under_a_load_comes_back_up_to_where_its_journal_was() {
    let data = Data::new("rebuild-load");
    let (server, ledger) = (Server::over(data.as_ref()), Arc::new(Ledger::default()));
    let load = Load::start(server.host(), &ledger);
    load.wait_for(30);
    let begun = ledger.now();
    journal_is_written(&server);
    load.wait_for(10);
    server.signal("KILL");
    server.ended();
    load.stop();
    let ended = ledger.now();
    lose(&data);

    let refused = run(&["serve", "--listen", "127.0.0.1:0", "--data", data.path()]);
    ended_with(
        2,
        &refused,
        &["its database is gone", "registry repair --rebuild"],
    );
    let made = rebuild(&data);
    ended_with(
        0,
        &made,
        &["all of them private now", "the journal ends at 20"],
    );

    let again = Server::over(data.as_ref());
    assert!(ledger.compare(again.host(), begun, ended) > 20);
    // It goes on: pushes, and a journal of its own.
    let later = Ledger::default();
    push(&again, &later, 1..5);
    stop(again);
    lose(&data);
    ended_with(0, &rebuild(&data), &[]);
    let again = Server::over(data.as_ref());
    assert!(ledger.compare(again.host(), begun, ended) > 20);
    let now = later.now();
    assert_eq!(later.compare(again.host(), now, now), 4);
    stop(again);
}

#[test]
fn a_journal_whose_last_frame_is_torn_gives_back_what_was_before_it() {
    let data = Data::new("rebuild-torn");
    let (server, ledger) = (Server::over(data.as_ref()), Ledger::default());
    push(&server, &ledger, 0..8);
    journal_is_written(&server);
    let (begun, length) = (
        ledger.now(),
        fs::metadata(last_segment(&data)).unwrap().len(),
    );
    push(&server, &ledger, 8..16);
    stop(server);
    let ended = ledger.now();
    lose(&data);
    let segment = File::options()
        .write(true)
        .open(last_segment(&data))
        .unwrap();
    let whole = segment.metadata().unwrap().len();
    assert!(whole > length);
    segment.set_len(length + (whole - length) / 2).unwrap();

    let made = rebuild(&data);
    ended_with(0, &made, &["were cut off while they were written"]);
    let again = Server::over(data.as_ref());
    assert!(ledger.compare(again.host(), begun, ended) >= 8);
    stop(again);
}

#[test]
fn a_corrupt_frame_is_told_with_its_place_and_the_rest_comes_back() {
    let data = Data::new("rebuild-corrupt");
    let (server, ledger) = (Server::over(data.as_ref()), Ledger::default());
    push(&server, &ledger, 0..4);
    journal_is_written(&server);
    let from = fs::metadata(last_segment(&data)).unwrap().len();
    push(&server, &ledger, 4..6);
    journal_is_written(&server);
    let later = Ledger::default();
    push(&server, &later, 6..12);
    stop(server);
    lose(&data);
    let segment = last_segment(&data);
    let mut bytes = fs::read(&segment).unwrap();
    bytes[usize::try_from(from).unwrap() + 100] ^= 0xff;
    fs::write(&segment, bytes).unwrap();

    let made = rebuild(&data);
    let place = format!("{} is damaged from byte {from} to ", segment.display());
    ended_with(1, &made, &[&place, "not all of it"]);
    let again = Server::over(data.as_ref());
    let now = later.now();
    assert_eq!(later.compare(again.host(), now, now), 6);
    // What it does not know is kept, and what is pushed again heals it.
    push(&again, &ledger, 0..6);
    let now = ledger.now();
    assert_eq!(ledger.compare(again.host(), now, now), 6);
    stop(again);
}

#[test]
fn nothing_is_made_again_where_nothing_is_lost_or_nothing_is_known() {
    let data = Data::new("rebuild-refused");
    let server = Server::over(data.as_ref());
    push(&server, &Ledger::default(), 0..1);
    ended_with(2, &rebuild(&data), &["has it open"]);
    stop(server);
    ended_with(
        2,
        &rebuild(&data),
        &["is a sound database", "nothing is rebuilt"],
    );
    ended_with(2, &run(&["repair", "--data", data.path()]), &["--rebuild"]);

    fs::write(
        Path::new(data.path()).join("metadata.sqlite"),
        "scribbled over",
    )
    .unwrap();
    ended_with(0, &rebuild(&data), &["the database that was there: "]);

    lose(&data);
    fs::remove_dir_all(Path::new(data.path()).join("content/journal")).unwrap();
    let none = rebuild(&data);
    ended_with(
        2,
        &none,
        &[
            "holds no journal of registry",
            "restore the database from a backup",
        ],
    );
}

#[test]
fn without_a_journal_none_is_kept() {
    let data = Data::new("rebuild-off");
    let mut command =
        crate::server::program(&["serve", "--listen", "127.0.0.1:0", "--data", data.path()]);
    let server = Server::of(command.env("REGISTRY_STORAGE_JOURNAL", "false"));
    push(&server, &Ledger::default(), 0..2);
    let figures = ask(&mut server.connect(), "GET /metrics");
    assert!(!figures.contains("registry_journal"), "{figures}");
    assert!(!Path::new(data.path()).join("content/journal").exists());
    stop(server);
}
