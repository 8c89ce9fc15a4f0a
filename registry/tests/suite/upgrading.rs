//! One process takes over from another.

use std::{
    io::{Read, Write},
    net::TcpListener,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crate::{
    data::Data,
    exchange::{exchange, sha256},
    server::{Server, program, run},
};

/// An address that was free just now.
fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn start(data: &str, address: &str, more: &[&str]) -> Server {
    let usual = ["serve", "--listen", address, "--data", data];
    Server::of(&mut program(&[&usual, more].concat()))
}

fn take_over(data: &str, address: &str) -> Server {
    start(data, address, &["--take-over"])
}

/// The end of a server that was not told to.
fn assert_taken_over(old: Server) {
    let ended = old.ended();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    assert!(ended.err.contains("taken over"), "{}", ended.err);
}

fn assert_serves(address: &str) {
    assert_eq!(exchange(address, "GET /v2/", b"").unwrap().status, 200);
}

#[test]
fn no_connection_is_refused_or_reset_while_processes_take_over_from_each_other() {
    let (data, address) = (Data::new("upgrade"), free());
    let mut server = start(data.path(), &address, &[]);
    let done = AtomicBool::new(false);
    let asking = || {
        let mut answered = 0;
        while !done.load(Ordering::Acquire) {
            let answer = exchange(&address, "GET /v2/", b"");
            let answer = answer.unwrap_or_else(|| panic!("refused after {answered}"));
            assert_eq!(answer.status, 200);
            answered += 1;
        }
        answered
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(asking)).collect();
        for _ in 0..3 {
            let next = take_over(data.path(), &address);
            assert_taken_over(std::mem::replace(&mut server, next));
        }
        done.store(true, Ordering::Release);
        for client in clients {
            assert!(client.join().unwrap() > 0);
        }
    });
}

#[test]
fn an_upload_begun_before_goes_on_after() {
    let (data, address) = (Data::new("upgrade-upload"), free());
    let old = start(data.path(), &address, &[]);
    let begun = exchange(&address, "POST /v2/team/app/blobs/uploads/", b"").unwrap();
    let location = begun.field("location").unwrap().to_owned();
    let sent = exchange(&address, &format!("PATCH {location}"), b"one half, ").unwrap();
    assert_eq!(sent.status, 202);
    let location = sent.field("location").unwrap().to_owned();

    let _new = take_over(data.path(), &address);
    assert_taken_over(old);

    let sent = exchange(&address, &format!("PATCH {location}"), b"the other").unwrap();
    assert_eq!(sent.status, 202);
    let location = sent.field("location").unwrap();
    let mark = if location.contains('?') { '&' } else { '?' };
    let digest = sha256(b"one half, the other");
    let closed = exchange(
        &address,
        &format!("PUT {location}{mark}digest={digest}"),
        b"",
    );
    assert_eq!(closed.unwrap().status, 201);
}

#[test]
fn a_process_that_fails_leaves_the_old_one_serving() {
    let (data, address) = (Data::new("upgrade-fails"), free());
    let old = start(data.path(), &address, &[]);

    let directory = data.path();
    let wrong = [
        "serve",
        "--listen",
        &address,
        "--data",
        directory,
        "--take-over",
        "--htpasswd",
        "/nowhere/at/all",
    ];
    assert_eq!(run(&wrong).status.code(), Some(2));
    assert_serves(&address);

    // One that is killed after it was let in, and before it is ready.
    let mut killed = UnixStream::connect(Path::new(data.path()).join("take-over.sock")).unwrap();
    killed.read_exact(&mut [0]).unwrap();
    killed.write_all(b"take\n").unwrap();
    let mut released = [0; 9];
    killed.read_exact(&mut released).unwrap();
    assert_eq!(&released, b"released\n");
    drop(killed);
    assert_serves(&address);

    let _new = take_over(data.path(), &address);
    assert_taken_over(old);
    assert_serves(&address);
}

#[test]
fn where_no_server_runs_it_just_serves() {
    let (data, address) = (Data::new("upgrade-nobody"), free());
    let _first = take_over(data.path(), &address);
    assert_serves(&address);
}

#[test]
fn the_file_of_a_unix_socket_goes_with_the_last_process() {
    let data = Data::new("upgrade-unix");
    let path = std::env::temp_dir().join(format!("registry-upgrade-{}.sock", std::process::id()));
    let address = format!("unix:{}", path.display());
    let old = start(data.path(), &address, &[]);
    let new = take_over(data.path(), &address);
    assert_taken_over(old);
    assert!(path.exists());
    new.signal("TERM");
    assert_eq!(new.ended().status.code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn what_is_in_memory_cannot_be_taken_over() {
    let refused = run(&["serve", "--memory", "--take-over"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        refused.err.contains("--take-over needs a data directory"),
        "{}",
        refused.err
    );
}

/// A process that was let in and has the directory to itself, and does nothing more.
fn hanging(data: &Data) -> UnixStream {
    let mut stream = UnixStream::connect(data.as_ref().join("take-over.sock")).unwrap();
    stream.read_exact(&mut [0]).unwrap();
    stream.write_all(b"take\n").unwrap();
    let mut released = [0; 9];
    stream.read_exact(&mut released).unwrap();
    assert_eq!(&released, b"released\n");
    stream
}

/// A server that gives others a second to take over.
fn impatient(data: &Data, address: &str) -> Server {
    let mut command = program(&["serve", "--listen", address, "--data", data.path()]);
    Server::of(command.env("REGISTRY_SERVER_HAND_OVER", "1s"))
}

#[test]
fn a_process_that_hangs_is_not_waited_for_without_limit() {
    let (data, address) = (Data::new("upgrade-hangs"), free());
    let mut old = impatient(&data, &address);
    let _hanging = hanging(&data);
    // Whoever connects meanwhile is answered once the old one serves again.
    assert_serves(&address);
    old.log_says(&["it did not serve within 1 s (server.hand_over)"]);
    old.log_says(&["serving again"]);
    assert_serves(&address);
    old.signal("TERM");
    assert_eq!(old.ended().status.code(), Some(0));
}

#[test]
fn a_directory_that_another_has_is_left_to_it() {
    let (data, address) = (Data::new("upgrade-left"), free());
    let old = start(data.path(), &address, &[]);
    let hanging = hanging(&data);
    let other = free();
    let new = start(data.path(), &other, &[]);
    drop(hanging);
    let ended = old.ended();
    assert_eq!(ended.status.code(), Some(2), "{}", ended.err);
    let holder = format!("(pid {}) has it open", new.pid());
    for words in ["has handed over and cannot go on", &holder] {
        assert!(ended.err.contains(words), "{}", ended.err);
    }
    assert_serves(&other);
}

#[test]
fn a_hangup_while_another_process_takes_over_is_followed_by_the_one_that_serves() {
    let (data, address) = (Data::new("upgrade-hangup"), free());
    let mut old = start(data.path(), &address, &[]);
    let gone = hanging(&data);
    old.signal("HUP");
    old.log_says(&["told to reload"]);
    drop(gone);
    old.log_says_all(&["serving again", "\"reloaded\""]);

    let mut taking = hanging(&data);
    old.signal("HUP");
    old.log_says(&["told to reload"]);
    taking.write_all(b"ready\n").unwrap();
    let mut said = String::new();
    taking.read_to_string(&mut said).unwrap();
    assert_eq!(said, "hangup\n");
    assert_eq!(old.ended().status.code(), Some(0));
}

#[test]
fn a_process_that_takes_over_follows_a_hangup_that_the_old_one_got() {
    let data = Data::new("upgrade-hangup-new");
    std::fs::create_dir_all(data.as_ref()).unwrap();
    // A server before it, as far as this one sees.
    let before = UnixListener::bind(data.as_ref().join("take-over.sock")).unwrap();
    let address = free();
    thread::scope(|scope| {
        scope.spawn(move || {
            let (mut stream, _) = before.accept().unwrap();
            // No sockets.
            stream.write_all(&[0]).unwrap();
            stream.read_exact(&mut [0; 5]).unwrap();
            stream.write_all(b"released\n").unwrap();
            stream.read_exact(&mut [0; 6]).unwrap();
            stream.write_all(b"hangup\n").unwrap();
        });
        let mut new = take_over(data.path(), &address);
        new.log_says(&["\"reloaded\""]);
    });
}
