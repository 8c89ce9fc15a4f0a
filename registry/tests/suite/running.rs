//! Serving, and its end.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
};

use crate::server::{Server, ask};

#[test]
fn the_ready_line_is_all_that_stands_on_standard_output() {
    let server = Server::start(&["--listen", "127.0.0.1:0"]);
    assert!(ask(&mut server.connect(), "GET /v2/").starts_with("HTTP/1.1 200 OK"));
    server.signal("TERM");
    let ended = server.ended();
    assert_eq!((ended.status.code(), ended.out.as_str()), (Some(0), ""));
}

#[test]
fn told_to_stop_it_finishes_what_runs() {
    for signal in ["TERM", "INT"] {
        let server = Server::start(&["--listen", "127.0.0.1:0"]);
        let mut upload = server.connect();
        let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let path = format!("/v2/team/app/blobs/uploads/?digest=sha256:{digest}");
        write!(
            upload,
            "POST {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
        )
        .unwrap();
        // It asks for the body: the request is under way.
        let mut asked = [0; 25];
        upload.read_exact(&mut asked).unwrap();
        assert!(asked.starts_with(b"HTTP/1.1 100 Continue"));
        server.signal(signal);
        write!(upload, "hello").unwrap();
        let mut answer = String::new();
        upload.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
        assert_eq!(server.ended().status.code(), Some(0));
    }
}

#[test]
fn a_request_that_never_ends_is_cut_off_at_the_limit() {
    let server = Server::start(&["--listen", "127.0.0.1:0", "--drain", "0"]);
    let mut hanging = server.connect();
    write!(
        hanging,
        "POST /v2/team/app/blobs/uploads/?digest=sha256:00 HTTP/1.1\r\n"
    )
    .unwrap();
    server.signal("TERM");
    assert_eq!(server.ended().status.code(), Some(0));
}

#[test]
fn logs_are_json_lines_on_standard_error_with_the_request_id_of_the_answer() {
    let server = Server::start(&["--listen", "127.0.0.1:0", "--log", "debug"]);
    let answer = ask(&mut server.connect(), "GET /v2/");
    let id = answer
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .unwrap();
    server.signal("TERM");
    let err = server.ended().err;
    assert!(
        err.lines()
            .all(|line| line.starts_with('{') && line.ends_with('}')),
        "{err}"
    );
    let answered = err.lines().find(|line| line.contains(id)).unwrap();
    assert!(
        answered.contains("\"status\":200") && answered.contains("/v2/"),
        "{answered}"
    );
}

#[test]
fn a_unix_socket_serves_as_well_and_is_gone_at_the_end() {
    let path = std::env::temp_dir().join(format!("registry-{}.sock", std::process::id()));
    let server = Server::start(&["--listen", &format!("unix:{}", path.display())]);
    assert_eq!(server.address, format!("unix:{}", path.display()));
    let mut stream = UnixStream::connect(&path).unwrap();
    assert!(ask(&mut stream, "GET /v2/").starts_with("HTTP/1.1 200 OK"));
    drop(stream);
    server.signal("TERM");
    assert_eq!(server.ended().status.code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn absolute_addresses_are_those_of_the_public_url() {
    let url = "https://registry.example.com";
    let server = Server::start(&["--listen", "127.0.0.1:0", "--public-url", url]);
    let answer = ask(&mut server.connect(), "POST /v2/team/app/blobs/uploads/");
    assert!(
        answer.contains(&format!("location: {url}/v2/team/app/blobs/uploads/")),
        "{answer}"
    );
}
