//! Clients that are sent to the bucket itself.

use std::{
    env, fs,
    process::{Command, Stdio},
};

use reqwest::{
    blocking::{Client, Response},
    redirect::Policy,
};

use super::{
    replica::{Cluster, PART, Replica, content},
    services::{Bucket, Program},
    until::until,
};

/// A cluster of one server that sends clients to its bucket, and the log of that server.
fn cluster(program: Program, more: &[(&str, &str)]) -> (Cluster, tempfile::NamedTempFile) {
    let mut cluster = Cluster::over(Bucket::of(program), 0);
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut settings = vec![
        ("REGISTRY_REDIRECTS_ENABLED", "true".to_owned()),
        ("REGISTRY_LOG_LEVEL", "trace".to_owned()),
        ("REGISTRY_ACCESS_LOG_TO", access_log(&log)),
    ];
    settings.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let told = Stdio::from(log.reopen().unwrap());
    let replica = Replica::start_telling(&cluster.database, &cluster.bucket, &settings, told);
    cluster.replicas.push(replica);
    cluster.client = Client::builder().redirect(Policy::none()).build().unwrap();
    (cluster, log)
}

fn access_log(log: &tempfile::NamedTempFile) -> String {
    format!("{}.access", log.path().display())
}

fn location(answer: &Response) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

/// What crane pulls of an image, through the server.
fn pull(cluster: &Cluster, to: &str) -> std::process::Output {
    let crane = env::var("CRANE").expect("CRANE names the client");
    let address = cluster.replicas[0].url.strip_prefix("http://").unwrap();
    let image = format!("{address}/team/app:latest");
    let pull = Command::new(crane)
        .args(["pull", "--insecure", "--format", "oci", &image, to])
        .output();
    pull.unwrap()
}

fn a_large_blob_comes_from_the_bucket(program: Program) {
    let (cluster, log) = cluster(program, &[]);
    let bytes = content(2 * PART + 4711);
    let digest = cluster.push(0, "team/app", &bytes);
    let path = format!("/v2/team/app/blobs/{digest}");
    let answer = cluster.get(0, &path);
    assert_eq!(answer.status(), 307);
    assert_eq!(answer.headers()["docker-content-digest"], digest.as_str());
    let location = location(&answer);
    assert!(location.starts_with(&cluster.bucket.endpoint), "{location}");
    assert!(location.contains("X-Amz-Expires=60"), "{location}");
    let read = cluster.client.get(location).send().unwrap();
    assert_eq!(read.status(), 200);
    assert!(read.bytes().unwrap() == bytes);
    let read = cluster.client.get(location);
    let read = read.header("range", "bytes=7-4242").send().unwrap();
    assert_eq!(read.status(), 206);
    assert!(read.bytes().unwrap() == bytes[7..4243]);

    let head = cluster.client.head(cluster.at(0, &path)).send().unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], bytes.len().to_string());
    let elsewhere = location.replacen(&cluster.bucket.name, "another", 1);
    let refused = cluster.client.get(elsewhere).send().unwrap();
    assert_eq!(refused.status(), 403, "the link is to this object alone");
    for told in [log.path().display().to_string(), access_log(&log)] {
        let told = fs::read_to_string(told).unwrap();
        assert!(told.contains(&digest), "the requests are in the log");
        assert!(!told.contains("X-Amz-"), "and no link is");
    }
}

#[test]
fn a_large_blob_comes_from_versitygw() {
    a_large_blob_comes_from_the_bucket(Program::Versitygw);
}

#[test]
fn a_large_blob_comes_from_minio() {
    a_large_blob_comes_from_the_bucket(Program::Minio);
}

#[test]
fn a_real_client_follows_and_gets_the_image() {
    let (mut cluster, _log) = cluster(Program::Minio, &[("REGISTRY_REDIRECTS_OVER", "20KiB")]);
    let layer = "layer of an image ".repeat(100_000);
    cluster.push_image(0, "team/app", "latest", &layer);
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("image");
    let pulled = pull(&cluster, to.to_str().unwrap());
    assert!(pulled.status.success(), "{pulled:?}");
    let digest = super::replica::sha256(layer.as_bytes());
    let blob = digest.replacen(':', "/", 1);
    let read = fs::read_to_string(to.join("blobs").join(blob)).unwrap();
    assert!(read == layer);
    // The server has it from nowhere else: without the bucket's listener the redirect leads nowhere.
    cluster.bucket.stop();
    let path = format!("/v2/team/app/blobs/{digest}");
    assert_eq!(
        cluster.get(0, &path).status(),
        307,
        "the bucket is not asked"
    );
    let again = place.path().join("again");
    assert!(!pull(&cluster, again.to_str().unwrap()).status.success());
}

#[test]
fn a_link_ends() {
    let (cluster, _log) = cluster(Program::Minio, &[("REGISTRY_REDIRECTS_EXPIRES", "1s")]);
    let bytes = content(PART);
    let digest = cluster.push(0, "team/app", &bytes);
    let answer = cluster.get(0, &format!("/v2/team/app/blobs/{digest}"));
    let location = location(&answer);
    until("the link ends", || {
        let status = cluster.client.get(location).send().unwrap().status();
        assert!([200, 403].contains(&status.as_u16()), "{status}");
        status == 403
    });
}

/// As where servers reach the bucket by a name that clients do not know.
#[test]
fn clients_are_sent_to_the_address_that_they_know() {
    let outside = ("REGISTRY_REDIRECTS_ENDPOINT", "https://s3.example.com");
    let (cluster, _log) = cluster(Program::Versitygw, &[outside]);
    let digest = cluster.push(0, "team/app", &content(PART));
    let answer = cluster.get(0, &format!("/v2/team/app/blobs/{digest}"));
    let location = location(&answer);
    assert!(
        location.starts_with("https://s3.example.com/registry/blobs/"),
        "{location}"
    );
}

/// The client is of 127.0.0.1, and says that it is `tests/1`.
#[test]
fn only_those_are_sent_there_whom_the_settings_name() {
    for (setting, value, sent) in [
        ("REGISTRY_REDIRECTS_NETWORKS", "127.0.0.0/8", true),
        ("REGISTRY_REDIRECTS_NETWORKS", "10.8.0.0/16", false),
        ("REGISTRY_REDIRECTS_EXCEPT_NETWORKS", "127.0.0.1", false),
        ("REGISTRY_REDIRECTS_CLIENTS", "tests/", true),
        ("REGISTRY_REDIRECTS_CLIENTS", "others/", false),
        ("REGISTRY_REDIRECTS_EXCEPT_CLIENTS", "tests/", false),
    ] {
        let (cluster, _log) = cluster(Program::Versitygw, &[(setting, value)]);
        let digest = cluster.push(0, "team/app", &content(PART));
        let url = cluster.at(0, &format!("/v2/team/app/blobs/{digest}"));
        let get = cluster.client.get(url).header("user-agent", "tests/1");
        let status = get.send().unwrap().status();
        assert_eq!(status, if sent { 307 } else { 200 }, "{setting}={value}");
    }
}
