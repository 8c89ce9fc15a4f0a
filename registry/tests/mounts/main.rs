//! The server where the system fails it: a disk that is full or turns read-only, permissions that are lost,
//! a clock that is set back. On file systems of the tests' own.
//!
//! It needs root to mount and to be somebody else, and faketime, so it is a binary that runs only when it is asked for:
//! `cargo test -p registry --test mounts`.

mod clock;
mod disk;
#[path = "../suite/exchange.rs"]
mod exchange;
mod lost;
mod server;
mod small;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use exchange::{content, manifest, sha256};
use server::Server;
use small::Small;

/// Far more than the small disk has room for.
const MANY: u64 = 10_000;

fn push_blob(server: &Server, bytes: &[u8]) -> u16 {
    let digest = sha256(bytes);
    let request = format!("POST /v2/team/app/blobs/uploads/?digest={digest}");
    refusal(server, &request, bytes)
}

fn push_manifest(server: &Server, tag: &str, layer: &[u8]) -> u16 {
    let request = format!("PUT /v2/team/app/manifests/{tag}");
    refusal(server, &request, manifest(layer).as_bytes())
}

/// The status of a push; a refusal has the error body that clients show.
fn refusal(server: &Server, request: &str, body: &[u8]) -> u16 {
    let answer = server.exchange(request, body);
    if answer.status != 201 {
        let said = String::from_utf8_lossy(&answer.body);
        assert!(said.starts_with(r#"{"errors":[{"code":"#), "{said}");
        assert_eq!(answer.field("content-type"), Some("application/json"));
    }
    answer.status
}

/// Whether a push was taken; it is refused for want of room only.
fn fits(status: u16) -> bool {
    assert!([201, 507].contains(&status), "{status}");
    status == 201
}

/// Pushes blobs of a length until one does not fit; answers how many do.
fn fill(server: &Server, from: u64, length: usize) -> u64 {
    let mut numbers = from..MANY;
    let refused = numbers.find(|number| !fits(push_blob(server, &content(*number, length))));
    refused.expect("a blob that does not fit") - from
}

fn assert_there(server: &Server, numbers: std::ops::Range<u64>, length: usize) {
    for number in numbers {
        let bytes = content(number, length);
        let answer = server.exchange(&format!("GET /v2/team/app/blobs/{}", sha256(&bytes)), b"");
        assert_eq!(
            (answer.status, answer.body == bytes),
            (200, true),
            "{number}"
        );
    }
}

fn tagged(server: &Server, tag: &str) -> Vec<u8> {
    let answer = server.exchange(&format!("GET /v2/team/app/manifests/{tag}"), b"");
    assert_eq!(answer.status, 200);
    answer.body
}

#[test]
fn hazard_06_a_full_disk_refuses_pushes_and_loses_nothing() {
    const LARGE: usize = 300_000;
    const SMALL: usize = 4_000;
    let small = Small::mount("12m");
    let server = Server::over(&small.path().join("data"));
    push_blob(&server, b"{}");
    let first = content(0, LARGE);
    assert_eq!(push_blob(&server, &first), 201);
    assert_eq!(push_manifest(&server, "v1", &first), 201);

    let large = 1 + fill(&server, 1, LARGE);
    let inline = fill(&server, large, SMALL);
    assert!(large > 2 && inline > 2, "{large} and {inline} fit");
    // A manifest may fit where no blob does: the tag stays at the last one that did.
    let layers: Vec<_> = (0..large).map(|number| content(number, LARGE)).collect();
    let moves = layers[1..].iter();
    let moved = moves.take_while(|layer| fits(push_manifest(&server, "v1", layer)));
    let tag = moved.count();
    let (tag, refused) = (&layers[tag], &layers[tag + 1]);

    assert_eq!(tagged(&server, "v1"), manifest(tag).as_bytes());
    assert_there(&server, 0..large, LARGE);
    assert_there(&server, large..large + inline, SMALL);

    small.remount("size=64m");
    assert_eq!(push_manifest(&server, "v1", refused), 201);
    assert_eq!(push_blob(&server, &content(MANY, LARGE)), 201);
    assert_eq!(tagged(&server, "v1"), manifest(refused).as_bytes());
    drop(server);

    let server = Server::over(&small.path().join("data"));
    assert_there(&server, 0..large, LARGE);
    assert_there(&server, large..large + inline, SMALL);
    assert_eq!(tagged(&server, "v1"), manifest(refused).as_bytes());
}

/// A push of a blob.
fn post(digest: &str) -> String {
    format!("POST /v2/team/app/blobs/uploads/?digest={digest}")
}

/// A request that says how long its body will be, and waits to be asked for it.
fn announce(server: &Server, request: &str, length: usize) -> (TcpStream, String) {
    let mut stream = server.connect();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: x\r\n\
         connection: close\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut said = String::new();
    while !said.ends_with("\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        said.push(char::from(byte[0]));
    }
    (stream, said)
}

fn rest(stream: &mut TcpStream) -> String {
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    rest
}

#[test]
fn a_push_that_has_no_room_is_refused_before_it_is_sent() {
    const LARGE: usize = 30 << 20;
    let small = Small::mount("65m");
    let server = Server::over(&small.path().join("data"));
    let there = content(0, 2 << 20);
    assert_eq!(push_blob(&server, &there), 201);

    let (mut stream, said) = announce(&server, &post(&sha256(b"no matter")), 100 << 20);
    assert!(said.starts_with("HTTP/1.1 507 "), "{said}");
    let said = rest(&mut stream);
    assert!(said.starts_with(r#"{"errors":[{"code":"#), "{said}");
    let uploads = small.path().join("data/content/uploads");
    assert_eq!(fs::read_dir(&uploads).unwrap().count(), 0);

    // Of two that fit alone and not together the later one is refused, and the first one is not disturbed.
    let first = content(1, LARGE);
    let (mut stream, said) = announce(&server, &post(&sha256(&first)), LARGE);
    assert!(said.starts_with("HTTP/1.1 100 "), "{said}");
    let (_, said) = announce(&server, &post(&sha256(b"no matter")), LARGE);
    assert!(said.starts_with("HTTP/1.1 507 "), "{said}");
    stream.write_all(&first).unwrap();
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_there(&server, 0..1, 2 << 20);
    assert_there(&server, 1..2, LARGE);

    // A session is told as well, and stays.
    let begun = server.exchange("POST /v2/team/app/blobs/uploads/", b"");
    let location = begun.field("location").unwrap().to_owned();
    let kept = server.exchange(&format!("PATCH {location}"), &there);
    assert_eq!(kept.status, 202);
    for method in ["PATCH", "PUT"] {
        let digest = sha256(&there);
        let request = format!("{method} {location}?digest={digest}");
        let (_, said) = announce(&server, &request, LARGE);
        assert!(said.starts_with("HTTP/1.1 507 "), "{said}");
    }
    let status = server.exchange(&format!("GET {location}"), b"");
    assert_eq!(status.field("range"), Some("0-2097151"));
}
