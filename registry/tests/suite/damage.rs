//! Files that went wrong by themselves: found, out of sight, healed.

use std::{fs, path::PathBuf};

use crate::{
    data::Data,
    durable::{push_blob, sha256},
    server::{Ended, Server, ask, program, run},
};

fn command(data: &Data, arguments: &[&str]) -> Ended {
    run(&[arguments, &["--data", data.path()]].concat())
}

/// A server that does not read everything again by itself, and so finds nothing before a command does.
fn server(data: &Data) -> Server {
    let mut command = program(&["serve", "--listen", "127.0.0.1:0", "--data", data.path()]);
    Server::of(command.env("REGISTRY_SCRUB_EVERY", "0s"))
}

/// The file of a blob.
fn file(data: &Data, digest: &str) -> PathBuf {
    let encoded = digest.strip_prefix("sha256:").unwrap();
    let shard = data
        .as_ref()
        .join("content/blobs/sha256")
        .join(&encoded[..2]);
    let files: Vec<_> = fs::read_dir(shard)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let mut of_it = files
        .into_iter()
        .filter(|path| path.to_str().unwrap().contains(encoded));
    of_it.next().unwrap()
}

fn flip(path: &PathBuf) {
    let mut bytes = fs::read(path).unwrap();
    bytes[20_000] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn hazard_04_scrub_finds_what_went_wrong_and_a_push_heals_it() {
    let data = Data::new("scrub");
    let server = server(&data);
    let blobs: Vec<_> = (1..=4).map(|fill: u8| vec![b'0' + fill; 40_000]).collect();
    let digests: Vec<_> = blobs.iter().map(|blob| push_blob(&server, blob)).collect();
    flip(&file(&data, &digests[0]));
    fs::write(file(&data, &digests[1]), &blobs[1][..30_000]).unwrap();
    fs::write(file(&data, &digests[2]), b"").unwrap();

    let ended = command(&data, &["scrub"]);

    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
    for digest in &digests[..3] {
        assert!(
            ended.out.contains(&format!("blob {digest} is corrupt")),
            "{}",
            ended.out
        );
        let path = format!("HEAD /v2/team/app/blobs/{digest}");
        assert!(ask(&mut server.connect(), &path).starts_with("HTTP/1.1 404"));
    }
    assert!(!ended.out.contains(&digests[3]), "{}", ended.out);
    let listed = command(&data, &["quarantine"]).out;
    assert_eq!(listed.matches("not healed").count(), 3, "{listed}");
    for blob in &blobs {
        push_blob(&server, blob);
        let path = format!("GET /v2/team/app/blobs/{}", sha256(blob));
        let answer = ask(&mut server.connect(), &path);
        assert!(answer.ends_with(std::str::from_utf8(blob).unwrap()));
    }
    let again = command(&data, &["scrub", "--anew"]);
    assert_eq!(again.status.code(), Some(0), "{}", again.out);
    let listed = command(&data, &["quarantine"]).out;
    assert_eq!(listed.matches(", healed").count(), 3, "{listed}");
    server.signal("TERM");
    server.ended();
}

#[test]
fn hazard_04_a_blob_whose_file_is_gone_is_healed_once_it_is_given_up() {
    let data = Data::new("absent");
    let server = server(&data);
    let blob = vec![b'x'; 40_000];
    let digest = push_blob(&server, &blob);
    let get = format!("GET /v2/team/app/blobs/{digest}");
    fs::remove_file(file(&data, &digest)).unwrap();
    let found = command(&data, &["scrub"]);
    assert!(found.out.contains(&format!("blob {digest} is gone")));
    assert!(ask(&mut server.connect(), &get).starts_with("HTTP/1.1 503"));

    let given_up = command(&data, &["scrub", "--anew", "--give-up-absent"]);

    assert_eq!(given_up.status.code(), Some(1));
    assert!(given_up.out.contains("out of sight"), "{}", given_up.out);
    assert!(ask(&mut server.connect(), &get).starts_with("HTTP/1.1 404"));
    push_blob(&server, &blob);
    assert!(ask(&mut server.connect(), &get).starts_with("HTTP/1.1 200"));
    assert_eq!(command(&data, &["scrub", "--anew"]).status.code(), Some(0));
}

#[test]
fn check_lists_all_findings_and_repairs_nothing() {
    let data = Data::new("check");
    let server = server(&data);
    let blobs: Vec<_> = (1..=3).map(|fill: u8| vec![b'0' + fill; 40_000]).collect();
    let digests: Vec<_> = blobs.iter().map(|blob| push_blob(&server, blob)).collect();
    let refused = command(&data, &["check"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(refused.err.contains("has it open"), "{}", refused.err);
    server.signal("TERM");
    server.ended();
    let well = command(&data, &["check", "--deep"]);
    assert_eq!(
        (well.status.code(), well.out.as_str()),
        (Some(0), "all is well\n")
    );

    flip(&file(&data, &digests[0]));
    fs::write(file(&data, &digests[1]), b"short").unwrap();
    fs::remove_file(file(&data, &digests[2])).unwrap();
    let stray = data.as_ref().join("content/uploads").join("0".repeat(32));
    fs::write(stray, b"").unwrap();
    for _ in 0..2 {
        let shallow = command(&data, &["check"]);
        assert_eq!(shallow.status.code(), Some(1));
        assert_eq!(shallow.out.lines().count(), 3, "{}", shallow.out);
        assert!(
            shallow.out.contains("has 40000 bytes, but"),
            "{}",
            shallow.out
        );
        assert!(
            shallow
                .out
                .contains(&format!("blob {} is gone", digests[2]))
        );
        assert!(shallow.out.contains("upload that nothing names"));
        let deep = command(&data, &["check", "--deep"]);
        assert!(
            deep.out
                .contains(&format!("blob {} is corrupt", digests[0])),
            "{}",
            deep.out
        );
    }
}

#[test]
fn stats_count_what_there_is() {
    let data = Data::new("stats");
    let server = server(&data);
    push_blob(&server, &[b'x'; 40_000]);
    for online in [true, false] {
        if !online {
            server.signal("KILL");
        }
        let json = command(&data, &["stats", "--json"]);
        assert_eq!(json.status.code(), Some(0), "{}", json.err);
        assert!(json.out.contains("\"content_bytes\":40000"), "{}", json.out);
        let text = command(&data, &["stats"]).out;
        assert!(text.contains("repositories: 1"), "{text}");
    }
    server.ended();
}
