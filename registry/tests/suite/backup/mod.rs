//! Backups and restores as an operator makes them.

pub(crate) mod ledger;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    sync::Arc,
};

use self::ledger::{Ledger, Load};
use crate::{
    data::Data,
    exchange::content,
    server::{Ended, Server, program, run},
};

const REPOSITORY: &str = "team/app";

fn back_up(data: &Data, to: &Data) -> Ended {
    run(&["backup", to.path(), "--data", data.path()])
}

fn restore(from: &Data, data: &Data, more: &[&str]) -> Ended {
    let arguments = ["restore", from.path(), "--data", data.path()];
    run(&[&arguments[..], more].concat())
}

#[track_caller]
fn succeeded(ended: &Ended) {
    assert_eq!(
        (ended.status.code(), ended.err.as_str()),
        (Some(0), ""),
        "{}",
        ended.out
    );
}

#[track_caller]
fn refused(ended: &Ended, words: &str) {
    assert_eq!(ended.status.code(), Some(2), "{}", ended.out);
    assert!(ended.err.contains(words), "{}", ended.err);
}

/// Images with layers that are files.
fn push(server: &Server, ledger: &Ledger, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let tag = format!("image-{number}");
        let layer = content(number, 20_000);
        assert!(ledger.push_image(server.host(), REPOSITORY, &tag, &layer));
    }
}

fn stop(server: Server) {
    server.signal("TERM");
    assert_eq!(server.ended().status.code(), Some(0));
}

/// A path of a file of content, of all of which there is one.
fn any_file(content: &Path) -> std::path::PathBuf {
    let shards = fs::read_dir(content.join("blobs/sha256")).unwrap();
    let files = shards.flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path()).next().unwrap()
}

#[test]
fn a_backup_under_a_load_has_what_was_answered_before_it_began_and_whole() {
    let (data, to, new) = (
        Data::new("backup-load"),
        Data::new("backup-load-to"),
        Data::new("backup-load-new"),
    );
    let server = Server::over(data.as_ref());
    let ledger = Arc::new(Ledger::default());
    let load = Load::start(server.host(), &ledger);
    load.wait_for(20);
    succeeded(&back_up(&data, &to));
    load.wait_for(20);

    let begun = ledger.now();
    let made = back_up(&data, &to);
    let ended = ledger.now();

    succeeded(&made);
    load.wait_for(10);
    load.stop();
    stop(server);
    succeeded(&restore(&to, &new, &["--verify"]));
    let restored = Server::over(new.as_ref());
    assert!(ledger.compare(restored.host(), begun, ended) > 20);
    stop(restored);
}

#[test]
fn a_second_backup_copies_only_what_is_new() {
    let (data, to) = (Data::new("backup-second"), Data::new("backup-second-to"));
    let (server, ledger) = (Server::over(data.as_ref()), Ledger::default());
    push(&server, &ledger, 0..5);
    let first = back_up(&data, &to);
    succeeded(&first);
    assert!(
        first.out.contains("files copied: 5 files of 100000 bytes"),
        "{}",
        first.out
    );

    push(&server, &ledger, 5..8);
    let second = back_up(&data, &to);

    succeeded(&second);
    assert!(
        second.out.contains("files copied: 3 files of 60000 bytes")
            && second.out.contains("files there already: 5"),
        "{}",
        second.out
    );
}

#[test]
fn a_backup_whose_server_is_killed_goes_on_and_the_one_before_stays_whole() {
    let (data, to, new) = (
        Data::new("backup-kill"),
        Data::new("backup-kill-to"),
        Data::new("backup-kill-new"),
    );
    let (server, ledger) = (Server::over(data.as_ref()), Ledger::default());
    push(&server, &ledger, 0..10);
    succeeded(&back_up(&data, &to));
    let first = ledger.now();
    push(&server, &ledger, 10..160);

    let mut command = program(&["backup", to.path(), "--data", data.path()]);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    assert!(line.contains("of 160 files"), "{line}");
    server.signal("KILL");
    server.ended();
    child.wait().unwrap();

    let killed = ledger.now();
    succeeded(&restore(&to, &new, &["--verify"]));
    let restored = Server::over(new.as_ref());
    // The one before, unless the new one was just finished when the signal came.
    let there = ledger.compare(restored.host(), first, killed);
    assert!([10, 160].contains(&there), "{there}");
    stop(restored);

    // No server runs: the command does the work itself.
    let made = back_up(&data, &to);
    succeeded(&made);
    let already = made.out.split("files there already: ").nth(1).unwrap();
    let already: u32 = already.lines().next().unwrap().parse().unwrap();
    assert!((64..=160).contains(&already), "{}", made.out);
    let now = ledger.now();
    succeeded(&restore(&to, &new, &["--force", "--verify"]));
    let restored = Server::over(new.as_ref());
    assert_eq!(ledger.compare(restored.host(), now, now), 160);
    stop(restored);
}

#[test]
fn a_backup_command_that_is_killed_ends_its_backup_and_the_next_goes_on() {
    let (data, to) = (Data::new("backup-gone"), Data::new("backup-gone-to"));
    let (server, ledger) = (Server::over(data.as_ref()), Ledger::default());
    push(&server, &ledger, 0..70);
    let mut command = program(&["backup", to.path(), "--data", data.path()]);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    let mut made = back_up(&data, &to);
    while made.err.contains("in use by another") {
        made = back_up(&data, &to);
    }
    succeeded(&made);
    stop(server);
}

#[test]
fn a_file_that_is_missing_or_wrong_is_told_and_keeps_nothing_else_from_being_saved() {
    let (data, to, new) = (
        Data::new("backup-missing"),
        Data::new("backup-missing-to"),
        Data::new("backup-missing-new"),
    );
    let (server, ledger) = (Server::over(data.as_ref()), Ledger::default());
    push(&server, &ledger, 0..3);
    let wrong = any_file(&data.as_ref().join("content"));
    fs::write(&wrong, b"short").unwrap();

    let made = back_up(&data, &to);

    assert_eq!(made.status.code(), Some(1), "{}", made.err);
    assert!(
        made.out.contains("it has 5 bytes instead of 20000"),
        "{}",
        made.out
    );
    assert!(
        made.err.contains("1 files were not to be had"),
        "{}",
        made.err
    );
    let restored = restore(&to, &new, &[]);
    assert_eq!(restored.status.code(), Some(1), "{}", restored.err);
    let again = Server::over(new.as_ref());
    // The push heals what was missing.
    push(&again, &ledger, 0..3);
    let now = ledger.now();
    assert_eq!(ledger.compare(again.host(), now, now), 3);
    stop(again);
    stop(server);
}

#[test]
fn a_verified_backup_finds_bytes_that_changed_and_mends_its_own() {
    let (data, to) = (Data::new("backup-verify"), Data::new("backup-verify-to"));
    let (server, ledger) = (Server::over(data.as_ref()), Ledger::default());
    push(&server, &ledger, 0..3);
    succeeded(&back_up(&data, &to));
    let copy = any_file(&to.as_ref().join("content"));
    fs::write(&copy, vec![0; 20_000]).unwrap();

    let made = run(&["backup", to.path(), "--data", data.path(), "--verify"]);

    succeeded(&made);
    assert!(
        made.out.contains("files copied: 1 files of 20000 bytes"),
        "{}",
        made.out
    );
    let source = any_file(&data.as_ref().join("content"));
    fs::write(&source, vec![0; 20_000]).unwrap();
    let other = Data::new("backup-verify-other");
    let made = run(&["backup", other.path(), "--data", data.path(), "--verify"]);
    assert_eq!(made.status.code(), Some(1), "{}", made.err);
    assert!(made.out.contains("its bytes are those of"), "{}", made.out);
    stop(server);
}

#[test]
fn what_is_no_backup_or_another_registrys_is_refused_and_left_alone() {
    let (data, other, to) = (
        Data::new("backup-refuse"),
        Data::new("backup-refuse-other"),
        Data::new("backup-refuse-to"),
    );
    for data in [&data, &other] {
        stop(Server::over(data.as_ref()));
    }
    refused(&back_up(&data, &other), "no backup");
    succeeded(&back_up(&data, &to));
    refused(&back_up(&other, &to), "another registry");
    refused(&restore(&data, &other, &[]), "no backup");
    refused(&restore(&to, &data, &[]), "holds something already");
    refused(&restore(&to, &other, &["--force"]), "content of registry");
    refused(&run(&["gc", "--data", to.path()]), "is a backup");
    let entries = fs::read_dir(to.as_ref()).unwrap().count();
    assert_eq!(entries, 5, "layout, lock, description, database, content");
    fs::remove_file(to.as_ref().join("backup.json")).unwrap();
    let new = Data::new("backup-refuse-new");
    refused(&restore(&to, &new, &[]), "no finished backup");
}

#[test]
fn hazard_41_a_restore_over_a_registry_keeps_what_is_younger_than_the_backup() {
    let (data, to) = (Data::new("backup-over"), Data::new("backup-over-to"));
    let (server, ledger) = (Server::over(data.as_ref()), Ledger::default());
    push(&server, &ledger, 0..3);
    succeeded(&back_up(&data, &to));
    let then = ledger.now();
    push(&server, &ledger, 3..6);
    refused(&restore(&to, &data, &["--force"]), "has it open");
    stop(server);

    let restored = restore(&to, &data, &["--force"]);

    succeeded(&restored);
    assert!(
        restored.out.contains("files there already: 3"),
        "{}",
        restored.out
    );
    let server = Server::over(data.as_ref());
    assert_eq!(ledger.compare(server.host(), then, then), 3);
    stop(server);
    let aside = restored.out.split("the database that was there: ").nth(1);
    let aside = aside.unwrap().lines().next().unwrap();
    fs::rename(aside, data.as_ref().join("metadata.sqlite")).unwrap();
    let server = Server::over(data.as_ref());
    let now = ledger.now();
    assert_eq!(ledger.compare(server.host(), now, now), 6);
    stop(server);
}
