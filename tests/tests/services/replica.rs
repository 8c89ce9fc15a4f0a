//! A server of the built program, one of several over the same database and bucket.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::blocking::{Client, Response};
use sha2::{Digest, Sha256};

use super::{
    services::{Bucket, Postgres},
    until::until,
};

/// Below this S3 takes no part but the last.
pub(crate) const PART: usize = 5 << 20;

/// Rounds of collection that a server has done.
pub(crate) const ROUNDS: &str = "registry_collection_rounds_total";

/// A server, which is killed when it is dropped.
pub(crate) struct Replica {
    process: Child,
    /// `http://` and where it listens.
    pub(crate) url: String,
}

impl Replica {
    pub(crate) fn start(database: &str, bucket: &Bucket) -> Self {
        Self::start_with(database, bucket, &[])
    }

    /// One that is set to more.
    pub(crate) fn start_with(database: &str, bucket: &Bucket, more: Set<'_>) -> Self {
        Self::start_telling(database, bucket, more, Stdio::null())
    }

    /// One whose log goes somewhere.
    pub(crate) fn start_telling(
        database: &str,
        bucket: &Bucket,
        more: Set<'_>,
        log: Stdio,
    ) -> Self {
        Self::spawn(command(database, bucket, more), log)
    }

    /// One of an older version: `.ci/services` builds it.
    pub(crate) fn older(database: &str, bucket: &Bucket, more: Set<'_>) -> Self {
        let mut command = configured(built("REGISTRY_OLDER"), database, bucket, more);
        command.args(SERVE);
        Self::spawn(command, Stdio::null())
    }

    /// A server over a data directory.
    pub(crate) fn on_directory(directory: &Path) -> Self {
        let mut command = program();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(directory)
            .stdout(Stdio::piped());
        Self::spawn(command, Stdio::null())
    }

    fn spawn(mut command: Command, log: Stdio) -> Self {
        let mut process = command.stderr(log).spawn().expect("the program starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("standard output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("registry: ready at ");
        let url = address.expect("a ready line").to_owned();
        Self { process, url }
    }

    /// What one says that does not start.
    pub(crate) fn refused(database: &str, bucket: &Bucket) -> String {
        Self::refused_with(database, bucket, &[])
    }

    pub(crate) fn refused_with(database: &str, bucket: &Bucket, more: Set<'_>) -> String {
        let ended = command(database, bucket, more)
            .output()
            .expect("the program starts");
        assert_eq!(ended.status.code(), Some(2));
        String::from_utf8(ended.stderr).unwrap()
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

/// Variables of the environment.
pub(crate) type Set<'a> = &'a [(&'a str, String)];

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

fn command(database: &str, bucket: &Bucket, more: Set<'_>) -> Command {
    let mut command = configured(program(), database, bucket, more);
    command.args(SERVE);
    command
}

/// The built program, which is told nothing by the environment.
pub(crate) fn program() -> Command {
    built("REGISTRY_BIN")
}

/// A program that a variable names.
fn built(variable: &str) -> Command {
    let program = std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} names a built program: `cargo build` and set it"));
    let mut command = Command::new(program);
    // They are for us; the server would take them for settings.
    command
        .env_remove("REGISTRY_BIN")
        .env_remove("REGISTRY_OLDER");
    command
}

/// A program, set to a database and a bucket.
fn configured(mut command: Command, database: &str, bucket: &Bucket, more: Set<'_>) -> Command {
    command
        .env("REGISTRY_DATABASE_URL", database)
        .env("REGISTRY_DATABASE_CONNECTIONS", "4")
        .env("REGISTRY_DATABASE_CONNECT_TIMEOUT", "10s")
        .env("REGISTRY_DATABASE_DEADLINE", "20s")
        .env("REGISTRY_OBJECTS_BUCKET", &bucket.name)
        .env("REGISTRY_OBJECTS_ENDPOINT", &bucket.endpoint)
        .env("REGISTRY_OBJECTS_ACCESS_KEY", &bucket.access_key)
        .env("REGISTRY_OBJECTS_SECRET_KEY", &bucket.secret_key)
        .env("REGISTRY_OBJECTS_PLAIN_HTTP", "true")
        .env("REGISTRY_OBJECTS_PART", "5MiB")
        .envs(more.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped());
    command
}

impl Drop for Replica {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Several servers, asked in turns.
pub(crate) struct Cluster {
    pub(crate) replicas: Vec<Replica>,
    pub(crate) client: Client,
    pub(crate) postgres: Postgres,
    pub(crate) bucket: Bucket,
    pub(crate) database: String,
}

impl Cluster {
    pub(crate) fn start(replicas: usize) -> Self {
        Self::over(Bucket::start(), replicas)
    }

    pub(crate) fn over(bucket: Bucket, replicas: usize) -> Self {
        let postgres = Postgres::start();
        let database = postgres.create("registry");
        let replicas = (0..replicas).map(|_| Replica::start(&database, &bucket));
        Self {
            replicas: replicas.collect(),
            client: Client::new(),
            postgres,
            bucket,
            database,
        }
    }

    /// Starts one more, which is set to more.
    pub(crate) fn add(&mut self, more: Set<'_>) {
        let replica = Replica::start_with(&self.database, &self.bucket, more);
        self.replicas.push(replica);
    }

    /// Waits until a server says that it is ready.
    pub(crate) fn until_ready(&self, replica: usize) {
        self.until(|| self.get(replica, "/readyz").status() == 200);
    }

    /// Waits until something holds.
    pub(crate) fn until(&self, holds: impl Fn() -> bool) {
        until("it comes to that", holds);
    }

    /// A command of the program on what the servers share.
    pub(crate) fn command(&self, arguments: &[&str], more: Set<'_>) -> Command {
        let mut command = configured(program(), &self.database, &self.bucket, more);
        command.args(arguments);
        command
    }

    /// The URL of a path at one of the servers.
    pub(crate) fn at(&self, replica: usize, path: &str) -> String {
        let replica = replica % self.replicas.len();
        format!("{}{path}", self.replicas[replica].url)
    }

    /// The same of what an answer said, which may be a path alone.
    pub(crate) fn located(&self, replica: usize, answer: &Response) -> String {
        let location = answer.headers()["location"].to_str().unwrap();
        let path = match location.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/').unwrap()..],
            None => location,
        };
        self.at(replica, path)
    }

    /// The sum of a figure of one of the servers.
    pub(crate) fn figure(&self, replica: usize, name: &str) -> u64 {
        let page = self.get(replica, "/metrics").text().unwrap();
        let line = page.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.rsplit(' ').next());
        number.expect("a figure").parse().expect("a number")
    }

    /// What the database answers, line by line.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.postgres.sql("registry", sql)
    }

    /// Has the time stand still for the servers, until `pass` has it pass: a minute from now, which none of
    /// them has read before. A server at work goes on reading the time until this is done.
    pub(crate) fn stop_the_clock(&self) {
        self.sql(
            "CREATE TABLE test_clock (now bigint);
            INSERT INTO test_clock SELECT registry_now() + 60000;
            CREATE OR REPLACE FUNCTION registry_now() RETURNS bigint LANGUAGE sql VOLATILE
                AS 'SELECT now FROM test_clock'",
        );
    }

    pub(crate) fn pass(&self, time: Duration) {
        let millis = time.as_millis();
        self.sql(&format!("UPDATE test_clock SET now = now + {millis}"));
    }

    pub(crate) fn get(&self, replica: usize, path: &str) -> Response {
        self.client.get(self.at(replica, path)).send().unwrap()
    }

    /// Begins an upload.
    pub(crate) fn begin(&self, replica: usize, repository: &str) -> Response {
        let path = format!("/v2/{repository}/blobs/uploads/");
        let begun = self.client.post(self.at(replica, &path)).send().unwrap();
        assert_eq!(begun.status(), 202);
        begun
    }

    /// Sends the next chunk of an upload.
    pub(crate) fn chunk(&self, replica: usize, upload: &Response, bytes: &[u8]) -> Response {
        let patch = self.client.patch(self.located(replica, upload));
        let answer = patch.body(bytes.to_vec()).send().unwrap();
        assert_eq!(answer.status(), 202);
        answer
    }

    /// Ends an upload, whose bytes are these.
    pub(crate) fn finish(&self, replica: usize, upload: &Response, whole: &[u8]) -> String {
        let digest = sha256(whole);
        let location = self.located(replica, upload);
        let mark = if location.contains('?') { '&' } else { '?' };
        let put = self.client.put(format!("{location}{mark}digest={digest}"));
        let answer = put.send().unwrap();
        assert_eq!(answer.status(), 201, "{:?}", answer.text());
        digest
    }

    /// Pushes a blob whole.
    pub(crate) fn push(&self, replica: usize, repository: &str, bytes: &[u8]) -> String {
        let digest = sha256(bytes);
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        let post = self.client.post(self.at(replica, &path));
        let answer = post.body(bytes.to_vec()).send().unwrap();
        assert_eq!(answer.status(), 201, "{:?}", answer.text());
        digest
    }

    /// Pushes an image of one layer and a tag that points at it.
    pub(crate) fn push_image(&self, replica: usize, repository: &str, tag: &str, layer: &str) {
        let config = self.push(replica, repository, b"{}");
        let layer_digest = self.push(replica + 1, repository, layer.as_bytes());
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{layer_digest}","size":{}}}]}}"#,
            layer.len()
        );
        let path = format!("/v2/{repository}/manifests/{tag}");
        let put = self.client.put(self.at(replica + 2, &path));
        let put = put.header("content-type", MANIFEST).body(manifest);
        let answer = put.send().unwrap();
        assert_eq!(answer.status(), 201, "{:?}", answer.text());
    }
}

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// Bytes of which no two megabytes are alike.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8)
        .collect()
}
