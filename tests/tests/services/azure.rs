//! Servers that share a container of Azure's, as azurite has it.

use std::{
    env,
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use registry_tests::ports::unused_address;
use reqwest::{blocking::Client, redirect::Policy};
use sha2::Sha256;

use super::{
    replica::{PART, Replica, content, sha256},
    services::{Bucket, Postgres},
    until::until,
};

/// The account that every azurite has, and the key that everybody knows.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

struct Azurite {
    server: Child,
    endpoint: String,
    _directory: tempfile::TempDir,
}

impl Azurite {
    /// One with a container.
    fn start() -> Self {
        let program = env::var("AZURITE").expect("AZURITE names the program azurite-blob");
        let directory = tempfile::tempdir().unwrap();
        let port = unused_address().port();
        let server = Command::new(program)
            .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck"])
            .args(["--blobPort", &port.to_string(), "--location"])
            .arg(directory.path())
            .stdout(Stdio::null())
            .spawn();
        let azurite = Self {
            server: server.expect("azurite starts"),
            endpoint: format!("http://127.0.0.1:{port}/{ACCOUNT}"),
            _directory: directory,
        };
        until("azurite listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let (endpoint, signature) = (&azurite.endpoint, shared_access());
        let url = format!("{endpoint}/content?restype=container&{signature}");
        assert_eq!(
            Client::new().put(url).body("").send().unwrap().status(),
            201
        );
        azurite
    }

    /// The settings of a server, with the way in last.
    fn settings(&self, way: (&'static str, String)) -> Vec<(&'static str, String)> {
        vec![
            ("REGISTRY_OBJECTS_PROVIDER", "azure".to_owned()),
            ("REGISTRY_OBJECTS_BUCKET", "content".to_owned()),
            ("REGISTRY_OBJECTS_ENDPOINT", self.endpoint.clone()),
            ("REGISTRY_OBJECTS_ACCESS_KEY", String::new()),
            ("REGISTRY_OBJECTS_SECRET_KEY", String::new()),
            ("REGISTRY_OBJECTS_ACCOUNT", ACCOUNT.to_owned()),
            way,
        ]
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// A signature of the account that allows everything with blobs, for long.
fn shared_access() -> String {
    let (allowed, until, version) = ("rwdlac", "2999-01-01T00:00:00Z", "2018-11-09");
    let signed = format!("{ACCOUNT}\n{allowed}\nb\nsco\n\n{until}\n\nhttps,http\n{version}\n");
    let key = BASE64_STANDARD.decode(KEY).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(signed.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let signature = signature
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    format!("sv={version}&ss=b&srt=sco&sp={allowed}&se={until}&spr=https,http&sig={signature}")
}

/// Pushes a blob, each chunk of it by another server, and answers its digest.
fn push(replicas: &[Replica; 2], bytes: &[u8]) -> String {
    let digest = sha256(bytes);
    let client = Client::new();
    let url = format!("{}/v2/a/b/blobs/uploads/", replicas[0].url);
    let mut answer = client.post(url).send().unwrap();
    for (turn, chunk) in bytes.chunks(PART + 1).enumerate() {
        let url = located(&replicas[turn % 2], &answer);
        answer = client.patch(url).body(chunk.to_vec()).send().unwrap();
        assert_eq!(answer.status(), 202, "{:?}", answer.text());
    }
    let url = located(&replicas[1], &answer);
    let with = if url.contains('?') { '&' } else { '?' };
    let answer = client
        .put(format!("{url}{with}digest={digest}"))
        .send()
        .unwrap();
    assert_eq!(answer.status(), 201, "{:?}", answer.text());
    digest
}

/// The object has several parts.
fn assert_shared(replicas: &[Replica; 2]) {
    let bytes = content(3 * PART + 5);
    let digest = push(replicas, &bytes);
    let client = Client::new();
    for replica in replicas {
        let url = format!("{}/v2/a/b/blobs/{digest}", replica.url);
        assert!(client.get(url).send().unwrap().bytes().unwrap() == bytes);
    }
}

fn located(replica: &Replica, answer: &reqwest::blocking::Response) -> String {
    let location = answer.headers()["location"].to_str().unwrap();
    let path = match location.split_once("://") {
        Some((_, rest)) => &rest[rest.find('/').unwrap()..],
        None => location,
    };
    format!("{}{path}", replica.url)
}

fn assert_works(way: (&'static str, String)) {
    let postgres = Postgres::start();
    let database = postgres.create("registry");
    let (azurite, unused) = (Azurite::start(), Bucket::start());
    let settings = azurite.settings(way);
    let replica = || Replica::start_with(&database, &unused, &settings);
    assert_shared(&[replica(), replica()]);
}

#[test]
fn servers_share_a_container_by_the_key_of_its_account() {
    assert_works(("REGISTRY_OBJECTS_ACCOUNT_KEY", KEY.to_owned()));
}

#[test]
fn a_large_blob_comes_from_the_container_by_a_link_to_it_alone() {
    let postgres = Postgres::start();
    let database = postgres.create("registry");
    let (azurite, unused) = (Azurite::start(), Bucket::start());
    let mut settings = azurite.settings(("REGISTRY_OBJECTS_ACCOUNT_KEY", KEY.to_owned()));
    settings.push(("REGISTRY_REDIRECTS_ENABLED", "true".to_owned()));
    let inside = Replica::start_with(&database, &unused, &settings);
    // The same container, by the name that clients know it by.
    let known = azurite.endpoint.replacen("127.0.0.1", "localhost", 1);
    settings.push(("REGISTRY_REDIRECTS_ENDPOINT", known.clone()));
    let outside = Replica::start_with(&database, &unused, &settings);
    let replicas = [inside, outside];
    let bytes = content(2 * PART + 4711);
    let digest = push(&replicas, &bytes);

    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    for (replica, endpoint) in replicas.iter().zip([&azurite.endpoint, &known]) {
        let url = format!("{}/v2/a/b/blobs/{digest}", replica.url);
        let answer = client.get(url).send().unwrap();
        assert_eq!(answer.status(), 307);
        let link = answer.headers()["location"].to_str().unwrap();
        assert!(link.starts_with(endpoint), "{link}");
        assert!(link.contains("st=") && link.contains("sp=r&"), "{link}");
        let read = client.get(link).send().unwrap();
        assert_eq!(read.status(), 200);
        assert!(read.bytes().unwrap() == bytes);
        let read = client.get(link).header("range", "bytes=7-4242");
        let read = read.send().unwrap();
        assert_eq!(read.status(), 206);
        assert!(read.bytes().unwrap() == bytes[7..4243]);

        let another = link.replacen("/content/blobs/", "/content/", 1);
        for refused in [client.get(another), client.delete(link)] {
            assert_eq!(refused.send().unwrap().status(), 403);
        }
    }
}

#[test]
fn servers_share_a_container_by_a_shared_access_signature() {
    assert_works(("REGISTRY_OBJECTS_SHARED_ACCESS", shared_access()));
}
