//! Users of a password file, what others may do, and what changes while the server runs.

use std::{
    fs,
    io::{Read, Write},
};

use crate::{
    file::File,
    server::{Server, run},
};

/// `ada` with the password `lovelace`, as apache's `htpasswd -bnB` printed it.
const ADA: &str = "ada:$2y$05$VN0748/rcV7nvqm8C5LASuD9aBGlYMelXb4UqrcLGfqu90MFkidB6";
/// `ada:lovelace` and `ada:wrong`, as Basic sends them.
const RIGHT: &str = "authorization: Basic YWRhOmxvdmVsYWNl\r\n";
const WRONG: &str = "authorization: Basic YWRhOndyb25n\r\n";

/// Sends a request with a field, and answers the head of the answer.
fn ask(server: &Server, request: &str, field: &str) -> String {
    let mut stream = server.connect();
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: x\r\n{field}connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[track_caller]
fn answers(server: &Server, request: &str, field: &str, status: &str) {
    let answer = ask(server, request, field);
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{request}: {answer}"
    );
}

const PUSH: &str = "POST /v2/team/app/blobs/uploads/";
const PULL: &str = "GET /v2/team/app/tags/list";

#[test]
fn hazard_36_a_server_that_others_reach_has_users_or_says_that_it_needs_none() {
    let ended = run(&["serve", "--memory", "--listen", "0.0.0.0:0"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(
        ended.err.contains("--open") && ended.err.contains("--htpasswd"),
        "{}",
        ended.err
    );
    let ended = run(&["config", "check", "--listen", "0.0.0.0:0"]);
    assert_eq!(ended.status.code(), Some(2));
    let server = Server::start(&["--listen", "0.0.0.0:0", "--open"]);
    assert!(
        server.address.starts_with("http://0.0.0.0:"),
        "{}",
        server.address
    );
}

#[test]
fn only_who_signs_in_may_do_anything() {
    let users = File::new("users", ADA);
    let server = Server::start(&["--listen", "127.0.0.1:0", "--htpasswd", users.path()]);
    let refused = ask(&server, "GET /v2/", "");
    assert!(
        refused.contains("www-authenticate: Basic realm=\"registry\""),
        "{refused}"
    );
    for (field, ping, push) in [
        ("", "401", "401"),
        (WRONG, "401", "401"),
        (RIGHT, "200", "202"),
    ] {
        answers(&server, "GET /v2/", field, ping);
        answers(&server, PUSH, field, push);
    }
    answers(&server, PULL, "", "401");
}

#[test]
fn others_may_pull_where_the_settings_say_so() {
    let users = File::new("pull", ADA);
    let file = File::new(
        "pull.toml",
        &format!(
            "[auth]\nhtpasswd = '{}'\nanonymous = \"pull\"\n",
            users.path()
        ),
    );
    let server = Server::start(&["--listen", "127.0.0.1:0", "--config", file.path()]);
    answers(&server, PULL, "", "404");
    answers(&server, PUSH, "", "401");
    answers(&server, PULL, WRONG, "401");
    answers(&server, PUSH, RIGHT, "202");
}

#[test]
fn users_that_cannot_be_read_are_refused_by_the_check_and_by_the_server() {
    let users = File::new("plain", "ada:lovelace\n");
    for path in [users.path(), "/does/not/exist"] {
        for command in [&["serve", "--memory"][..], &["config", "check"]] {
            let ended = run(&[command, &["--listen", "127.0.0.1:0", "--htpasswd", path]].concat());
            assert_eq!(ended.status.code(), Some(2));
            assert!(
                ended.err.contains(path) && !ended.err.contains("lovelace"),
                "{}",
                ended.err
            );
        }
    }
}

#[test]
fn users_are_read_again_when_their_file_changes() {
    let users = File::new("changes", "# nobody yet\n");
    let mut server = Server::start(&["--listen", "127.0.0.1:0", "--htpasswd", users.path()]);
    answers(&server, "GET /v2/", RIGHT, "401");
    fs::write(users.path(), ADA).unwrap();
    server.log_says(&["users", "read again"]);
    answers(&server, "GET /v2/", RIGHT, "200");
    // What cannot be used changes nothing.
    fs::write(users.path(), "broken").unwrap();
    server.log_says(&["users", "stays as it was", "line 1"]);
    answers(&server, "GET /v2/", RIGHT, "200");
}

#[test]
fn a_hangup_reloads_what_can_be_and_says_what_needs_a_restart() {
    let file = File::new("hangup.toml", "[log]\nlevel = \"info\"\n");
    let mut server = Server::start(&["--listen", "127.0.0.1:0", "--config", file.path()]);
    fs::write(
        file.path(),
        "[log]\nlevel = \"debug\"\n[limits]\nmanifest_bytes = 100\n",
    )
    .unwrap();
    server.signal("HUP");
    server.log_says(&["limits.manifest_bytes", "restart"]);
    server.log_says(&["\"message\":\"reloaded\""]);
    answers(&server, "GET /v2/", "", "200");
    server.log_says(&["\"status\":200"]);
    // What is wrong changes nothing.
    fs::write(file.path(), "[log]\nlevel = \"loud\"\n").unwrap();
    server.signal("HUP");
    server.log_says(&["loud", "stays as it was"]);
    answers(&server, "GET /v2/", "", "200");
    server.log_says(&["\"status\":200"]);
    server.signal("TERM");
    assert_eq!(server.ended().status.code(), Some(0));
}
