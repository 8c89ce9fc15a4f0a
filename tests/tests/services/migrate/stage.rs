//! What is moved between, and the command that moves it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use tempfile::TempDir;

use super::client::At;
use crate::{
    pooled::Pooler,
    replica::{Replica, program},
    services::{Bucket, Postgres},
};

/// What is moved between: directories, and a database and a bucket.
pub(super) struct Stage {
    place: TempDir,
    pooler: Option<Pooler>,
    postgres: Postgres,
    pub(super) bucket: Bucket,
    pub(super) database: String,
}

impl Stage {
    pub(super) fn new() -> Self {
        let postgres = Postgres::start();
        let database = postgres.create("registry");
        Self {
            place: tempfile::tempdir().unwrap(),
            pooler: None,
            postgres,
            bucket: Bucket::start(),
            database,
        }
    }

    /// One whose database is behind a pooler, with more connections than the servers have: those that wait to write
    /// while a registry leaves keep theirs.
    pub(super) fn pooled() -> Self {
        let mut stage = Self::new();
        let pooler = Pooler::start(&stage.postgres, 6);
        stage.database = pooler.database("registry");
        stage.pooler = Some(pooler);
        stage
    }

    fn statements(&self) -> &'static str {
        match self.pooler {
            Some(_) => "unnamed",
            None => "named",
        }
    }

    pub(super) fn directory(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// A configuration of the database and the bucket.
    pub(super) fn shared(&self) -> PathBuf {
        let Bucket {
            name,
            endpoint,
            access_key,
            secret_key,
            ..
        } = &self.bucket;
        let text = format!(
            "[database]\nurl = \"{}\"\nstatements = \"{}\"\nconnections = 4\ndeadline = \"30s\"\n\
             [objects]\nbucket = \"{name}\"\nendpoint = \"{endpoint}\"\naccess_key = \"{access_key}\"\nsecret_key = \"{secret_key}\"\n\
             plain_http = true\npart = \"5MiB\"\n",
            self.database,
            self.statements()
        );
        self.written("shared.toml", &text)
    }

    /// A configuration of a data directory.
    pub(super) fn local(&self, name: &str) -> PathBuf {
        let directory = self.directory(name);
        let text = format!("[storage]\npath = \"{}\"\n", directory.display());
        self.written(&format!("{name}.toml"), &text)
    }

    pub(super) fn written(&self, name: &str, text: &str) -> PathBuf {
        let path = self.place.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub(super) fn shared_server(&self) -> At {
        let (database, bucket) = (&self.database, &self.bucket);
        At::new(Replica::start_with(database, bucket, &self.settings()))
    }

    /// What a server over the database and the bucket says that does not start.
    pub(super) fn shared_not_started(&self) -> String {
        Replica::refused_with(&self.database, &self.bucket, &self.settings())
    }

    fn settings(&self) -> [(&'static str, String); 1] {
        [("REGISTRY_DATABASE_STATEMENTS", self.statements().to_owned())]
    }
}

pub(super) fn migrate(from: &Path, to: &Path) -> Output {
    let mut command = program();
    command.arg("migrate").arg("--config").arg(from);
    let command = command.arg("--to").arg(to).arg("--verify-all");
    command.output().expect("the program starts")
}

pub(super) fn moved(from: &Path, to: &Path) -> String {
    let ended = migrate(from, to);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.success(), "{said}");
    String::from_utf8(ended.stdout).unwrap()
}

pub(super) fn refused(from: &Path, to: &Path) -> String {
    let ended = migrate(from, to);
    assert_eq!(ended.status.code(), Some(2));
    String::from_utf8(ended.stderr).unwrap()
}

/// What a server over a directory says that does not start.
pub(super) fn not_started(directory: &Path) -> String {
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    let ended = command.arg(directory).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    String::from_utf8(ended.stderr).unwrap()
}
