//! Groups in which something goes wrong.

use std::sync::mpsc::{Sender, channel};

use futures_executor::block_on;
use futures_util::{
    FutureExt,
    future::{join, join4},
};
use registry_core::{SystemClock, Timestamp, backend::MetadataErrorKind};
use tempfile::TempDir;

use super::*;
use crate::{
    Durability,
    sqlite::{open, view::View},
};

struct Stage {
    writer: Writer,
    readers: Arc<Readers>,
    _directory: TempDir,
}

impl Stage {
    /// A writer, and a table to write to.
    fn new(prepare: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metadata.db");
        let connection = open::writer(&path, Durability::Strict).unwrap();
        connection
            .execute_batch("CREATE TABLE notes (text TEXT)")
            .unwrap();
        connection.execute_batch(prepare).unwrap();
        let time = Arc::new(Time::new(Arc::new(SystemClock), Timestamp::default()));
        let readers = Arc::new(Readers::open(&path).unwrap());
        let counters = Counters::default();
        Self {
            writer: Writer::start(connection, counters, time, Arc::clone(&readers)).unwrap(),
            readers,
            _directory: directory,
        }
    }

    async fn note(&self, text: &str) -> Result<(), MetadataError> {
        let text = text.to_owned();
        self.writer
            .run(move |transaction| write(transaction, &text))
            .await
    }

    fn notes(&self) -> Vec<String> {
        self.readers.read(Timestamp::default(), notes).unwrap()
    }

    /// Holds the thread up until something is sent.
    fn hold(&self) -> (impl Future<Output = ()>, Sender<()>) {
        let (go_on, gone_on) = channel::<()>();
        let held = self.writer.run(move |_| {
            gone_on.recv().unwrap();
            Ok(())
        });
        (held.map(drop), go_on)
    }
}

fn notes(view: &View<'_>) -> Result<Vec<String>, Failure> {
    let sql = "SELECT text FROM notes ORDER BY rowid";
    view.all(sql, (), |row| row.get(0))
}

fn write(transaction: &Transaction<'_>, text: &str) -> Result<(), Failure> {
    transaction.run("INSERT INTO notes (text) VALUES (?1)", [text])?;
    Ok(())
}

fn kind(outcome: Result<(), MetadataError>) -> MetadataErrorKind {
    outcome.unwrap_err().kind
}

#[test]
fn a_command_that_panics_is_undone_alone() {
    let stage = Stage::new("");
    let panicking = stage.writer.run::<()>(|transaction| {
        write(transaction, "half")?;
        panic!("a command panics");
    });
    let (before, outcome) = block_on(join(stage.note("before"), panicking));
    before.unwrap();
    assert_eq!(kind(outcome), MetadataErrorKind::Unavailable);
    block_on(stage.note("after")).unwrap();
    assert_eq!(stage.notes(), ["before", "after"]);
}

#[test]
fn a_full_database_refuses_what_does_not_fit_and_keeps_the_rest() {
    let stage = Stage::new("PRAGMA max_page_count = 100");
    let large = format!("too large{}", "x".repeat(1 << 20));
    block_on(async {
        stage.note("before").await.unwrap();
        assert_eq!(kind(stage.note(&large).await), MetadataErrorKind::Full);
        stage.note("after").await.unwrap();
    });
    assert_eq!(stage.notes(), ["before", "after"]);
}

/// A key that is checked with the commit stands for whatever has one fail.
#[test]
fn a_commit_that_fails_is_told_to_all_of_its_group() {
    let stage = Stage::new(
        "CREATE TABLE parents (id INTEGER PRIMARY KEY);
        CREATE TABLE children (
            parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);",
    );
    let orphan = stage.writer.run(|transaction| {
        transaction.run("INSERT INTO children (parent) VALUES (7)", ())?;
        Ok(())
    });
    let (held, go_on) = stage.hold();
    let beside = async {
        let outcome = stage.note("beside").await;
        assert_eq!(kind(outcome), MetadataErrorKind::Unknown);
    };
    let orphan = async { assert_eq!(kind(orphan.await), MetadataErrorKind::Unknown) };
    let release = async { go_on.send(()).unwrap() };
    block_on(join4(held, beside, orphan, release));
    assert_eq!(stage.notes(), [""; 0]);
    block_on(stage.note("after")).unwrap();
    assert_eq!(stage.notes(), ["after"]);
}

/// A caller that goes away does not take its command along.
#[test]
fn what_was_accepted_is_committed_before_the_end() {
    let stage = Stage::new("");
    let (held, go_on) = stage.hold();
    assert!(held.now_or_never().is_none());
    assert!(stage.note("last").now_or_never().is_none());
    go_on.send(()).unwrap();
    drop(stage.writer);
    let notes = stage.readers.read(Timestamp::default(), notes);
    assert_eq!(notes.unwrap(), ["last"]);
}
