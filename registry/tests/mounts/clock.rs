//! A server whose clock is set back, under a clock of the test's own.

use std::{path::Path, process::Command, thread, time::Duration};

use crate::{
    content, push_blob, push_manifest,
    server::{Server, program},
    sha256,
    small::Small,
    tagged,
};

/// Gives a program another clock; what measures durations stays as it is.
const LIBRARY: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

const LARGE: usize = 300_000;

fn serve(data: &Path, clock: &str, grace: &str) -> Server {
    let mut registry = Command::new(env!("CARGO_BIN_EXE_registry"));
    registry
        .env("LD_PRELOAD", LIBRARY)
        .env("FAKETIME", clock)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("REGISTRY_COLLECTION_GRACE", grace)
        .env("REGISTRY_COLLECTION_INTERVAL", "1");
    Server::of(program(&mut registry, data))
}

fn head(server: &Server, number: u64) -> u16 {
    let digest = sha256(&content(number, LARGE));
    let request = format!("GET /v2/team/app/blobs/{digest}");
    server.exchange(&request, b"").status
}

fn collect(data: &Path) {
    let mut registry = Command::new(env!("CARGO_BIN_EXE_registry"));
    let ended = registry.args(["gc", "--data"]).arg(data).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}

/// The hour of a server's answers, as days and hours are told by its `Date`.
fn date(server: &Server) -> String {
    let answer = server.exchange("GET /v2/", b"");
    answer.field("date").unwrap().to_owned()
}

#[test]
fn hazard_43_a_clock_set_back_by_a_day_takes_nothing_early_and_holds_nothing_up() {
    let small = Small::mount("48m");
    let data = small.path().join("data");
    let ahead = serve(&data, "+1d", "1h");
    assert_eq!(push_blob(&ahead, b"{}"), 201);
    for number in 0..3 {
        assert_eq!(push_blob(&ahead, &content(number, LARGE)), 201);
    }
    assert_eq!(push_manifest(&ahead, "v1", &content(0, LARGE)), 201);
    let begun = ahead.exchange("POST /v2/team/app/blobs/uploads/", b"");
    let session = begun.field("location").unwrap().to_owned();
    let session = &session[session.find("/v2/").unwrap()..];
    let layer = content(3, LARGE);
    let patch = format!("PATCH {session}");
    assert_eq!(ahead.exchange(&patch, &layer[..LARGE / 2]).status, 202);
    let tomorrow = date(&ahead);
    drop(ahead);

    let now = serve(&data, "+0", "1h");
    assert_ne!(date(&now), tomorrow, "the clock is not another one");
    for _ in 0..3 {
        collect(&data);
    }
    assert_eq!([0, 1, 2].map(|number| head(&now, number)), [200; 3]);
    let finish = format!("PUT {session}?digest={}", sha256(&layer));
    assert_eq!(now.exchange(&finish, &layer[LARGE / 2..]).status, 201);
    assert_eq!(head(&now, 3), 200);
    assert_eq!(push_manifest(&now, "v2", &layer), 201);
    drop(now);

    let hasty = serve(&data, "+0", "1s");
    wait_until_collected(&hasty, &data, 2);
    assert_eq!([0, 3].map(|number| head(&hasty, number)), [200; 2]);
    assert_eq!(tagged(&hasty, "v1").len(), tagged(&hasty, "v2").len());
}

/// A layer nobody asks for goes, although the clock is a day behind what is written down.
fn wait_until_collected(server: &Server, data: &Path, number: u64) {
    let digest = sha256(&content(number, LARGE));
    let name = digest.trim_start_matches("sha256:");
    let directory = data.join("content/blobs/sha256").join(&name[..2]);
    let there = || {
        let mut entries = std::fs::read_dir(&directory).unwrap();
        entries.any(|entry| {
            let entry = entry.unwrap().file_name();
            entry.to_string_lossy().starts_with(name)
        })
    };
    for _ in 0..1200 {
        if !there() {
            return assert_eq!(head(server, number), 404);
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("it is not collected");
}
