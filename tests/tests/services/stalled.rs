//! Pushes that stand still in the middle, and servers that are killed then.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use super::{
    replica::{Cluster, PART, content, sha256},
    until::until,
};

/// A request whose body has not all come.
pub(crate) struct Stalled(TcpStream);

impl Stalled {
    /// Sends the head and some of the body, and says that there is more.
    pub(crate) fn send(method: &str, url: &str, some: &[u8]) -> Self {
        let rest = url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_at(rest.find('/').unwrap());
        let mut connection = TcpStream::connect(host).unwrap();
        let length = some.len() + PART;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(some).unwrap();
        Self(connection)
    }

    /// Waits until the server is gone.
    pub(crate) fn end(mut self) {
        drop(self.0.read_to_end(&mut Vec::new()));
    }
}

const NAMED: &str = "SELECT count(*) FROM uploads WHERE state = 0 AND object LIKE 'uploads/%/%'";

/// In a session and in one go: both have sent parts that no checkpoint has.
#[test]
fn what_a_killed_server_had_begun_in_the_bucket_is_given_up() {
    let mut cluster = Cluster::start(1);
    let eager = [("REGISTRY_COLLECTION_INTERVAL", "1s".to_owned())];
    let bytes = content(2 * PART + 17);
    let begun = cluster.begin(0, "team/app");
    let kept = cluster.chunk(0, &begun, &bytes[..1000]);
    let patch = Stalled::send("PATCH", &cluster.located(0, &kept), &bytes[1000..]);
    let path = format!("/v2/team/app/blobs/uploads/?digest={}", sha256(&bytes));
    let post = Stalled::send("POST", &cluster.at(0, &path), &bytes);
    until("both stand in rows", || cluster.sql(NAMED) == "2");
    until("both are begun", || cluster.bucket.unfinished() == 2);
    cluster.replicas.remove(0).kill();
    patch.end();
    post.end();
    assert_eq!(cluster.bucket.unfinished(), 2);

    cluster.stop_the_clock();
    cluster.add(&eager);
    let status = cluster
        .client
        .get(cluster.located(0, &kept))
        .send()
        .unwrap();
    assert_eq!(status.headers()["range"], "0-999", "what was acknowledged");
    cluster.pass(Duration::from_secs(365 * 24 * 60 * 60));
    // The round at work may have looked before, and the next one begins a second after it.
    until("nothing is left in the bucket", || {
        cluster.pass(Duration::from_secs(1));
        cluster.bucket.unfinished() == 0
    });
}

/// The client goes on from what was acknowledged, though parts of the rest were in the bucket.
#[test]
fn an_upload_goes_on_after_its_server_was_killed_between_two_checkpoints() {
    let mut cluster = Cluster::start(2);
    let bytes = content(2 * PART + 17);
    let begun = cluster.begin(0, "team/app");
    let kept = cluster.chunk(0, &begun, &bytes[..1000]);
    let patch = Stalled::send("PATCH", &cluster.located(0, &kept), &bytes[1000..]);
    until("it stands in a row", || cluster.sql(NAMED) == "1");
    cluster.replicas.remove(0).kill();
    patch.end();
    let all = cluster.chunk(0, &kept, &bytes[1000..]);
    let digest = cluster.finish(0, &all, &bytes);
    let read = cluster.get(0, &format!("/v2/team/app/blobs/{digest}"));
    assert!(read.bytes().unwrap() == bytes);
    assert_eq!(cluster.bucket.unfinished(), 0);
}
