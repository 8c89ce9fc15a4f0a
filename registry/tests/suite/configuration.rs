//! What is set in a file, in the environment and by flags, and what is wrong with it.

use std::fs;

use crate::{
    file::File,
    server::{Server, ask, end, program, run},
};

#[test]
fn a_server_does_what_its_file_says() {
    let file = File::new(
        "serve",
        "[server]\nlisten = [\"127.0.0.1:0\"]\npublic_url = \"https://example.com\"\n",
    );
    let server = Server::start(&["--config", file.path()]);
    let answer = ask(&mut server.connect(), "POST /v2/a/b/blobs/uploads/");
    assert!(
        answer.contains("location: https://example.com/v2/a/b/"),
        "{answer}"
    );
}

#[test]
fn a_server_listens_in_several_places() {
    let path = std::env::temp_dir().join(format!("registry-several-{}.sock", std::process::id()));
    let unix = format!("unix:{}", path.display());
    let server = Server::start(&["--listen", "127.0.0.1:0", "--listen", &unix]);
    let (tcp, socket) = server.address.split_once(", ").unwrap();
    assert_eq!(socket, unix);
    let host = tcp.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    assert!(ask(&mut stream, "GET /v2/").starts_with("HTTP/1.1 200"));
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    assert!(ask(&mut stream, "GET /v2/").starts_with("HTTP/1.1 200"));
    server.signal("TERM");
    assert_eq!(server.ended().status.code(), Some(0));
}

#[test]
fn check_says_all_that_is_wrong_and_ends_with_2() {
    let file = File::new("check", "[server]\ndrian = 3\nlisten = [\"x\"]\n");
    let ended = run(&["config", "check", file.path()]);
    assert_eq!((ended.status.code(), ended.out.as_str()), (Some(2), ""));
    let lines: Vec<_> = ended.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ended.err);
    assert!(lines.iter().all(|line| line.starts_with("registry: ")));
    assert!(
        ended.err.contains(&format!("{}:2:1", file.path())),
        "{}",
        ended.err
    );
    assert!(
        ended.err.contains("did you mean server.drain?"),
        "{}",
        ended.err
    );
    // The server refuses it in the same words.
    let refused = run(&["serve", "--config", file.path()]);
    assert_eq!((refused.status.code(), refused.err), (Some(2), ended.err));
}

#[test]
fn check_ends_with_0_where_nothing_is_wrong() {
    let file = File::new("right", "[storage]\ndurability = \"relaxed\"\n");
    let ended = run(&["config", "check", file.path()]);
    assert_eq!((ended.status.code(), ended.err.as_str()), (Some(0), ""));
}

#[test]
fn the_environment_sets_every_key_and_an_unknown_variable_is_refused() {
    let mut command = program(&["config", "show"]);
    let ended = end(command.env("REGISTRY_COLLECTION_GRACE", "2h"));
    let line = "grace = \"2h\" # environment REGISTRY_COLLECTION_GRACE";
    assert!(
        ended.out.lines().any(|shown| shown == line),
        "{}",
        ended.out
    );
    let mut command = program(&["serve"]);
    let ended = end(command.env("REGISTRY_COLLECTION_GRASE", "2h"));
    assert_eq!(ended.status.code(), Some(2));
    assert!(
        ended.err.contains("REGISTRY_COLLECTION_GRACE"),
        "{}",
        ended.err
    );
}

#[test]
fn the_reference_is_that_of_the_documentation() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let ended = run(&["config", "reference"]);
    assert_eq!(ended.out, fs::read_to_string(kept).unwrap());
}
