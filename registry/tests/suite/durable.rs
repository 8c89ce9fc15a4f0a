//! A server over a data directory: killed, started again, and refused where it may not be.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
};

use sha2::{Digest, Sha256};

use crate::{
    data::Data,
    server::{Server, ask, run},
};

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    format!(
        "sha256:{}",
        hash.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    )
}

/// Sends content, and asserts that it was taken.
fn send(server: &Server, head: &str, content: &[u8]) {
    let mut stream = server.connect();
    let length = content.len();
    let head = format!(
        "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(content).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

pub(crate) fn push_blob(server: &Server, bytes: &[u8]) -> String {
    let digest = sha256(bytes);
    send(
        server,
        &format!("POST /v2/team/app/blobs/uploads/?digest={digest}"),
        bytes,
    );
    digest
}

fn manifest(layer: &[u8]) -> String {
    let (layer_size, layer) = (layer.len(), sha256(layer));
    let config = sha256(b"{}");
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{layer}","size":{layer_size}}}]}}"#
    )
}

#[test]
fn hazard_14_what_was_acknowledged_is_there_after_a_kill() {
    let data = Data::new("kill");
    let mut acknowledged: Vec<(String, Vec<u8>)> = Vec::new();
    for round in 0..5_u8 {
        let server = Server::over(data.as_ref());
        for (tag, layer) in &acknowledged {
            let path = format!("GET /v2/team/app/manifests/{tag}");
            assert!(
                ask(&mut server.connect(), &path).ends_with(&manifest(layer)),
                "{tag}"
            );
            let path = format!("GET /v2/team/app/blobs/{}", sha256(layer));
            let answer = ask(&mut server.connect(), &path);
            assert!(
                answer.ends_with(std::str::from_utf8(layer).unwrap()),
                "{tag}"
            );
        }
        for (kind, size) in [("small", 100), ("large", 300_000)] {
            let layer = vec![b'a' + round; size];
            push_blob(&server, b"{}");
            push_blob(&server, &layer);
            let tag = format!("{kind}-{round}");
            send(
                &server,
                &format!("PUT /v2/team/app/manifests/{tag}"),
                manifest(&layer).as_bytes(),
            );
            acknowledged.push((tag, layer));
        }
        server.signal("KILL");
        assert!(!server.ended().status.success());
    }
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let data = Data::new("second");
    let first = Server::over(data.as_ref());
    let path = data.path();
    let second = run(&["serve", "--listen", "127.0.0.1:0", "--data", path]);
    assert_eq!(second.status.code(), Some(2));
    let holder = format!("(pid {}) has it open", first.pid());
    assert!(second.err.contains(&holder), "{}", second.err);
    assert!(ask(&mut first.connect(), "GET /v2/").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn hazard_10_a_database_that_is_none_is_refused_and_left_as_it_is() {
    let data = Data::new("garbage");
    fs::create_dir_all(data.as_ref()).unwrap();
    let database = data.as_ref().join("metadata.sqlite");
    fs::write(
        &database,
        b"not a database at all, but something of somebody's",
    )
    .unwrap();
    let ended = run(&["serve", "--listen", "127.0.0.1:0", "--data", data.path()]);
    assert_eq!(ended.status.code(), Some(2), "{}", ended.err);
    assert!(fs::read(&database).unwrap().starts_with(b"not a database"));
}

#[test]
fn the_data_directory_is_its_owners_alone() {
    let data = Data::new("mode");
    let _server = Server::over(data.as_ref());
    let mode = fs::metadata(data.as_ref()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn hazard_34_memory_does_not_grow_with_the_size_of_a_blob() {
    const MIB: usize = 1 << 20;
    let data = Data::new("memory");
    let server = Server::over(data.as_ref());
    push_blob(&server, &vec![1; 8 * MIB]);
    let before = server.anonymous_memory();
    let digest = push_blob(&server, &vec![2; 200 * MIB]);
    let path = format!("GET /v2/team/app/blobs/{digest}");
    assert!(ask(&mut server.connect(), &path).len() > 200 * MIB);
    let grown = server.anonymous_memory().saturating_sub(before);
    assert!(
        grown < 64 << 20,
        "200 MiB there and back took {grown} bytes"
    );
}
