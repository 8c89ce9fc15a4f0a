//! A registry that moves from a data directory to a database and a bucket, and back.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread::{scope, sleep},
    time::Duration,
};

use reqwest::blocking::{Client, Response};
use tempfile::TempDir;

use super::{
    replica::{MANIFEST, Replica, content, program, sha256},
    services::{Bucket, Postgres},
};

const NAME: &str = "team/app";

/// What arrives is waited for at most so many times, this long.
const LOOKS: u32 = 60_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// What is moved between: directories, and a database and a bucket.
struct Stage {
    place: TempDir,
    _postgres: Postgres,
    bucket: Bucket,
    database: String,
}

impl Stage {
    fn new() -> Self {
        let postgres = Postgres::start();
        let database = postgres.create("registry");
        Self {
            place: tempfile::tempdir().unwrap(),
            _postgres: postgres,
            bucket: Bucket::start(),
            database,
        }
    }

    fn directory(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// A configuration of the database and the bucket.
    fn shared(&self) -> PathBuf {
        let Bucket {
            name,
            endpoint,
            access_key,
            secret_key,
            ..
        } = &self.bucket;
        let text = format!(
            "[database]\nurl = \"{}\"\nconnections = 4\ndeadline = \"5s\"\n[objects]\nbucket = \"{name}\"\n\
             endpoint = \"{endpoint}\"\naccess_key = \"{access_key}\"\nsecret_key = \"{secret_key}\"\n\
             plain_http = true\npart = \"5MiB\"\n",
            self.database
        );
        self.written("shared.toml", &text)
    }

    /// A configuration of a data directory.
    fn local(&self, name: &str) -> PathBuf {
        let directory = self.directory(name);
        let text = format!("[storage]\npath = \"{}\"\n", directory.display());
        self.written(&format!("{name}.toml"), &text)
    }

    fn written(&self, name: &str, text: &str) -> PathBuf {
        let path = self.place.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn shared_server(&self) -> At {
        At::new(Replica::start(&self.database, &self.bucket))
    }
}

fn migrate(from: &Path, to: &Path) -> Output {
    let mut command = program();
    command.arg("migrate").arg("--config").arg(from);
    let command = command.arg("--to").arg(to).arg("--verify-all");
    command.output().expect("the program starts")
}

fn moved(from: &Path, to: &Path) -> String {
    let ended = migrate(from, to);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.success(), "{said}");
    String::from_utf8(ended.stdout).unwrap()
}

fn refused(from: &Path, to: &Path) -> String {
    let ended = migrate(from, to);
    assert_eq!(ended.status.code(), Some(2));
    String::from_utf8(ended.stderr).unwrap()
}

/// What a server over a directory says that does not start.
fn not_started(directory: &Path) -> String {
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    let ended = command.arg(directory).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    String::from_utf8(ended.stderr).unwrap()
}

/// A server and a client of it.
struct At {
    server: Replica,
    client: Client,
}

impl At {
    fn new(server: Replica) -> Self {
        let client = Client::new();
        Self { server, client }
    }

    fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.server.url);
        self.client.get(url).send().unwrap()
    }

    /// Pushes a blob, and answers what was said where it was not taken.
    fn push(&self, bytes: &[u8]) -> Result<String, Box<Response>> {
        let digest = sha256(bytes);
        let path = format!("/v2/{NAME}/blobs/uploads/?digest={digest}");
        let post = self.client.post(format!("{}{path}", self.server.url));
        let answer = post.body(bytes.to_vec()).send().unwrap();
        match answer.status().as_u16() {
            201 => Ok(digest),
            _ => Err(Box::new(answer)),
        }
    }

    /// The same of an image of one layer and its tag; the digest of its manifest.
    fn push_image(&self, tag: &str, layer: &[u8]) -> Result<String, Box<Response>> {
        let (config, digest) = (self.push(b"{}")?, self.push(layer)?);
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{digest}","size":{}}}]}}"#,
            layer.len()
        );
        let url = format!("{}/v2/{NAME}/manifests/{tag}", self.server.url);
        let put = self.client.put(url).header("content-type", MANIFEST);
        let answer = put.body(manifest.clone()).send().unwrap();
        match answer.status().as_u16() {
            201 => Ok(sha256(manifest.as_bytes())),
            _ => Err(Box::new(answer)),
        }
    }

    fn blob(&self, digest: &str) -> Vec<u8> {
        let answer = self.get(&format!("/v2/{NAME}/blobs/{digest}"));
        assert_eq!(answer.status(), 200, "{digest}");
        answer.bytes().unwrap().to_vec()
    }

    /// The manifest that a tag leads to.
    fn tagged(&self, tag: &str) -> String {
        let answer = self.get(&format!("/v2/{NAME}/manifests/{tag}"));
        assert_eq!(answer.status(), 200, "{tag}");
        sha256(&answer.bytes().unwrap())
    }

    fn tags(&self) -> String {
        self.get(&format!("/v2/{NAME}/tags/list")).text().unwrap()
    }

    /// Has every push refused, with the reason, while reads go on.
    fn assert_closed(&self, why: &str) {
        let answer = self.push(b"too late").unwrap_err();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        let text = answer.text().unwrap();
        assert!(text.contains(why), "{text}");
        assert_eq!(self.get(&format!("/v2/{NAME}/tags/list")).status(), 200);
    }
}

/// What was told done.
#[derive(Default)]
struct Acknowledged {
    layers: Vec<Vec<u8>>,
    tags: BTreeMap<String, String>,
}

impl Acknowledged {
    fn assert_served(&self, by: &At) {
        for layer in &self.layers {
            assert!(by.blob(&sha256(layer)) == *layer);
        }
        for (tag, digest) in &self.tags {
            assert_eq!(by.tagged(tag), *digest, "{tag}");
        }
    }

    /// Pushes small images and now and then a large one, until told to stop or until nothing is taken any more.
    fn push_on(&mut self, at: &At, seed: &str, stop: &AtomicBool) {
        for turn in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let mut layer = format!("{seed} {turn} ").into_bytes();
            layer.extend(content(if turn % 8 == 0 { 6 << 20 } else { 20_000 }));
            let tag = format!("{seed}-{}", turn % 3);
            match at.push_image(&tag, &layer) {
                Ok(digest) => {
                    self.layers.push(layer);
                    self.tags.insert(tag, digest);
                }
                Err(answer) => {
                    assert_eq!(answer.status(), 503);
                    let text = answer.text().unwrap();
                    assert!(text.contains("registry"), "{text}");
                    sleep(Duration::from_millis(20));
                }
            }
        }
    }
}

/// Moves while two clients push, and answers what they were told done.
fn moved_while_used(at: &At, seed: &str, from: &Path, to: &Path) -> Vec<Acknowledged> {
    let stop = AtomicBool::new(false);
    scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|client| {
                let (stop, seed) = (&stop, format!("{seed}{client}"));
                scope.spawn(move || {
                    let mut acknowledged = Acknowledged::default();
                    acknowledged.push_on(at, &seed, stop);
                    acknowledged
                })
            })
            .collect();
        sleep(Duration::from_millis(300));
        let ended = migrate(from, to);
        stop.store(true, Ordering::Relaxed);
        let acknowledged = clients.into_iter().map(|one| one.join().unwrap()).collect();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.success(), "{said}");
        acknowledged
    })
}

#[test]
fn a_registry_moves_up_and_down_while_it_is_pushed_to_and_loses_nothing() {
    let stage = Stage::new();
    let (up, down) = (stage.shared(), stage.local("down"));
    let from = stage.local("from");
    let old = At::new(Replica::on_directory(&stage.directory("from")));
    let pushed = moved_while_used(&old, "up", &from, &up);
    old.assert_closed("this registry has moved");
    let new = stage.shared_server();
    for acknowledged in &pushed {
        assert!(!acknowledged.layers.is_empty());
        acknowledged.assert_served(&new);
    }
    assert_eq!(new.tags(), old.tags());
    drop(old);
    let said = not_started(&stage.directory("from"));
    assert!(said.contains("has moved to the bucket registry"), "{said}");
    let again = refused(&from, &up);
    assert!(again.contains("has moved"), "{again}");
    let more = moved_while_used(&new, "down", &up, &down);
    new.assert_closed("this registry has moved");
    let back = At::new(Replica::on_directory(&stage.directory("down")));
    for acknowledged in pushed.iter().chain(&more) {
        acknowledged.assert_served(&back);
    }
    assert_eq!(back.tags(), new.tags());
    assert!(back.push(b"it takes pushes again").is_ok());
    let said = Replica::refused(&stage.database, &stage.bucket);
    assert!(said.contains("has moved to the data directory"), "{said}");
}

#[test]
fn one_that_was_killed_goes_on_and_sends_nothing_again() {
    const OBJECTS: u64 = 40;
    let stage = Stage::new();
    let (from, to) = (stage.local("from"), stage.shared());
    let old = At::new(Replica::on_directory(&stage.directory("from")));
    let blob = |number: u64| [&number.to_be_bytes()[..], &content(6 << 20)].concat();
    for number in 0..OBJECTS {
        old.push(&blob(number)).unwrap();
    }
    old.server.kill();
    let mut command = program();
    command.arg("migrate").arg("--config").arg(&from);
    command.args(["--parallel", "1", "--to"]).arg(&to);
    let mut going = command.stdout(Stdio::null()).spawn().unwrap();
    let looks = (0..LOOKS).map(|_| {
        sleep(BETWEEN_LOOKS);
        stage.bucket.objects() as u64
    });
    let arrived = { looks }.find(|some| *some > 4).expect("some arrive");
    going.kill().unwrap();
    going.wait().unwrap();
    let refused = Replica::refused(&stage.database, &stage.bucket);
    assert!(refused.contains("run registry migrate again"), "{refused}");
    let said = moved(&from, &to);
    let line = said.lines().find(|line| line.starts_with("round 1: "));
    let numbers = line
        .unwrap()
        .split([' ', ','])
        .filter_map(|word| word.parse().ok());
    let numbers: Vec<u64> = numbers.collect();
    let (carried, before) = (numbers[0], numbers[2]);
    assert_eq!(carried + before, OBJECTS, "{said}");
    // The marker is an object as well, and the row of the last one may not have been written.
    assert!(
        before + 2 >= arrived && before < OBJECTS,
        "{arrived} arrived, {said}"
    );
    let new = stage.shared_server();
    for number in 0..OBJECTS {
        assert!(new.blob(&sha256(&blob(number))) == blob(number));
    }
}

#[test]
fn a_target_that_is_not_empty_is_refused_and_left_as_it_is() {
    let stage = Stage::new();
    let (from, up) = (stage.local("from"), stage.shared());
    let old = At::new(Replica::on_directory(&stage.directory("from")));
    old.push_image("v1", b"layer").unwrap();
    let used = stage.shared_server();
    used.push_image("v1", b"another layer").unwrap();
    let said = refused(&from, &up);
    assert!(said.contains("is not empty"), "{said}");
    let there = used.tagged("v1");
    let elsewhere = At::new(Replica::on_directory(&stage.directory("elsewhere")));
    let said = refused(&from, &stage.local("elsewhere"));
    assert!(said.contains("is not empty"), "{said}");
    drop(elsewhere);
    let memory = stage.written("memory.toml", "[storage]\nmemory = true\n");
    let said = refused(&from, &memory);
    assert!(said.contains("in memory"), "{said}");
    // The old one goes on as if nothing had been asked.
    old.push_image("v2", b"more").unwrap();
    assert_eq!(used.tagged("v1"), there);
}

#[test]
fn the_same_command_does_the_last_step_that_was_missing() {
    let place = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|name| {
        let directory = place.path().join(name);
        let config = directory.with_extension("toml");
        let text = format!("[storage]\npath = \"{}\"\n", directory.display());
        fs::write(&config, text).unwrap();
        (directory, config)
    });
    let old = At::new(Replica::on_directory(&from.0));
    let digest = old.push_image("v1", b"layer").unwrap();
    moved(&from.1, &to.1);
    // As if it had been killed between its last two steps.
    let registry = fs::read_to_string(to.0.join("content/registry")).unwrap();
    let registry = registry.lines().next().unwrap().replace("registry ", "");
    fs::write(to.0.join("arriving"), registry).unwrap();
    let said = not_started(&to.0);
    assert!(said.contains("run registry migrate again"), "{said}");
    moved(&from.1, &to.1);
    let said = refused(&from.1, &to.1);
    assert!(said.contains("has moved to the data directory"), "{said}");
    drop(old);
    let new = At::new(Replica::on_directory(&to.0));
    assert_eq!(new.tagged("v1"), digest);
}
