//! The thread that writes the journal.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

use registry_core::{Random, Timestamp, backend::MetadataError};
use rusqlite::Connection;

use super::{note::Note, walk::Position};
use crate::{
    SystemRandom,
    journal::{Entry, Head, Segments, Walk},
    sqlite::{
        error::Failure, time::Time, transaction::Transaction, value::Bits, view::View,
        writer::Handle,
    },
};

/// The time between two looks at what is noted, and until what failed is tried again.
const INTERVAL: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_secs(10);

/// Records of a frame at most, and about how many bytes: they are in memory for a moment.
const RECORDS: usize = 1000;
const BYTES: usize = 1 << 20;

/// A walk goes on for so many pages when the database is to be closed; then whoever closes it has waited
/// long enough, and it is begun anew the next time.
const PAGES_WHILE_CLOSING: u32 = 20;

/// A line is not begun anew before the journal has this, and so many times what its walk took.
const LEAST: u64 = 64 << 20;
const GROWTH: u64 = 3;

/// Whose journal it is.
#[derive(Debug)]
pub(super) struct Of {
    pub(super) directory: PathBuf,
    pub(super) registry: String,
    pub(super) generation: u64,
}

/// How the journal stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFigures {
    /// Things that changed and are not in it yet, up to a hundred thousand.
    pub waiting: u64,
    /// When it had everything last.
    pub complete: Timestamp,
    /// How far it is behind: the time since then, nothing where it has everything.
    pub lag: Duration,
    /// The bytes of its files.
    pub bytes: u64,
    /// How often it could not be written.
    pub failures: u64,
    /// Why it could not be written the last time, if that was the last that happened.
    pub failure: Option<String>,
}

/// What the thread tells.
#[derive(Default)]
struct Told {
    /// The other way: somebody waits for the end.
    closing: AtomicBool,
    complete: AtomicU64,
    bytes: AtomicU64,
    failures: AtomicU64,
    failure: Mutex<Option<String>>,
}

/// Whoever waits until everything is written.
type Ask = Sender<Result<(), String>>;

/// The thread, which ends when this is dropped, after it has written everything.
pub(in crate::sqlite) struct Keeper {
    asks: Option<Sender<Ask>>,
    thread: Option<JoinHandle<()>>,
    told: Arc<Told>,
}

impl Keeper {
    pub(super) fn start(
        of: Of,
        connection: Connection,
        time: Arc<Time>,
        writer: Handle,
    ) -> io::Result<Self> {
        let (asks, asked) = channel::<Ask>();
        let told = Arc::new(Told::default());
        let mut keeping = Keeping {
            of,
            connection,
            time,
            writer,
            told: Arc::clone(&told),
            segments: None,
            line: None,
        };
        let thread = Builder::new()
            .name("journal".to_owned())
            .spawn(move || keeping.keep(&asked))?;
        Ok(Self {
            asks: Some(asks),
            thread: Some(thread),
            told,
        })
    }

    pub(super) fn write_now(&self) -> Result<(), String> {
        let stopped = || "the thread that writes the journal has stopped".to_owned();
        let (ask, answer) = channel();
        let asks = self.asks.as_ref().ok_or_else(stopped)?;
        asks.send(ask).map_err(|_| stopped())?;
        answer.recv().map_err(|_| stopped())?
    }

    pub(super) fn figures(&self, waiting: u64, now: Timestamp) -> JournalFigures {
        let told = &self.told;
        let complete = Timestamp::from_millis(told.complete.load(Relaxed));
        let failure = lock(&told.failure).clone();
        JournalFigures {
            waiting,
            complete,
            lag: match waiting {
                0 if failure.is_none() => Duration::ZERO,
                _ => now.since(complete),
            },
            bytes: told.bytes.load(Relaxed),
            failures: told.failures.load(Relaxed),
            failure,
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.told.closing.store(true, Relaxed);
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            // Whatever it did not write is noted in the database.
            let _ = thread.join();
        }
    }
}

/// Why something was not written. Everything is noted still, and is tried again.
#[derive(Debug, thiserror::Error)]
enum Unwritten {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Read(#[from] Failure),
    #[error("{0}")]
    Noted(#[from] MetadataError),
}

type Written = Result<(), Unwritten>;

/// A line.
#[derive(Clone, Copy)]
struct Line {
    number: u64,
    /// The bytes that its walk took.
    walked: u64,
}

/// What the thread has.
struct Keeping {
    of: Of,
    connection: Connection,
    time: Arc<Time>,
    writer: Handle,
    told: Arc<Told>,
    /// Opened by the thread itself, for that takes a while.
    segments: Option<Segments>,
    /// The line that is gone on with; none before it is known that the journal there is that of this
    /// database as it is.
    line: Option<Line>,
}

/// Things in one snapshot.
struct Page {
    notes: Vec<Note>,
    entries: Vec<Entry>,
    /// It has whatever was answered before.
    at: Timestamp,
    change: u64,
    /// Whether these are all there were.
    is_all: bool,
}

impl Keeping {
    fn keep(&mut self, asked: &Receiver<Ask>) {
        let mut written = self.write_and_tell();
        loop {
            let pause = if written.is_ok() { INTERVAL } else { RETRY };
            let asked = asked.recv_timeout(pause);
            written = self.write_and_tell();
            match asked {
                Ok(ask) => {
                    let written = written.as_ref().map_err(ToString::to_string);
                    // Whoever asked may have gone.
                    let _ = ask.send(written.copied());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn write_and_tell(&mut self) -> Written {
        let written = self.write();
        self.tell(&written);
        written
    }

    fn tell(&self, written: &Written) {
        let bytes = self.segments.as_ref().map_or(0, Segments::bytes);
        self.told.bytes.store(bytes, Relaxed);
        let failure = written.as_ref().err().map(ToString::to_string);
        if failure.is_some() {
            self.told.failures.fetch_add(1, Relaxed);
        }
        *lock(&self.told.failure) = failure;
    }

    /// Writes everything down that is noted.
    fn write(&mut self) -> Written {
        let mut segments = match self.segments.take() {
            Some(segments) => segments,
            None => self.open()?,
        };
        match self.line {
            Some(line) if segments.bytes() < LEAST.max(GROWTH * line.walked) => {
                let drained = self.drain(&mut segments, line, Walk::Over);
                self.segments = Some(segments);
                drained
            }
            _ => self.begin_line(segments),
        }
    }

    /// Begins a line with a walk. Nothing is left of one that does not come to its end, so that on a
    /// full disk it does not take what pushes could have; all it wrote is in the database, and what lay
    /// there before stays.
    fn begin_line(&mut self, mut segments: Segments) -> Written {
        self.line = None;
        let first = segments.next_segment()?;
        let walked = self.walk(&mut segments);
        match (self.line, walked) {
            (Some(_), Ok(())) => {
                segments.forget_before(first)?;
                self.segments = Some(segments);
                Ok(())
            }
            (_, walked) => {
                segments.forget_from(first)?;
                walked
            }
        }
    }

    /// Opens the journal that is there, and finds out whether it is this database's as it is now.
    fn open(&mut self) -> Result<Segments, Unwritten> {
        let (segments, last) = Segments::open(&self.of.directory)?;
        let (line, sequence) = self.read(|view| view.journaled())?;
        self.line = last
            .filter(|head| self.of.is_of(head))
            .filter(|head| head.is_whole() && line == Some(head.line))
            // A frame may have been written whose notes were not taken away; anything else is missing
            // here, or is unknown there.
            .filter(|_| (sequence..=sequence + 1).contains(&segments.sequence()))
            .map(|head| Line {
                number: head.line,
                walked: head.walked,
            });
        Ok(segments)
    }

    /// Writes everything down.
    fn walk(&mut self, segments: &mut Segments) -> Written {
        let mut number = [0; 8];
        SystemRandom.fill(&mut number);
        let number = u64::from_be_bytes(number);
        let (before, line) = (segments.bytes(), Line { number, walked: 0 });
        segments.append(
            self.head(line, Walk::Begins, self.time.now(), 0),
            Vec::new(),
        )?;
        let (mut position, mut late) = (Position::default(), 0);
        while !position.is_end() {
            late += u32::from(self.told.closing.load(Relaxed));
            if late > PAGES_WHILE_CLOSING {
                return Ok(());
            }
            let page = self.page(|view| view.things(&position, RECORDS))?;
            position.pass(&page.notes, page.is_all);
            if !page.entries.is_empty() {
                let head = self.head(line, Walk::Goes, page.at, page.change);
                segments.append(head, page.entries)?;
            }
            self.drain(segments, line, Walk::Goes)?;
        }
        let walked = segments.bytes() - before;
        self.end_walk(segments, Line { number, walked })
    }

    fn end_walk(&mut self, segments: &mut Segments, line: Line) -> Written {
        let (at, change) = (self.time.now(), self.read(|view| view.last_change())?);
        segments.append(self.head(line, Walk::Ends, at, change), Vec::new())?;
        let (number, sequence) = (line.number, segments.sequence());
        self.writer
            .run(move |transaction| transaction.keep_line(number, sequence))?;
        self.line = Some(line);
        Ok(())
    }

    /// Writes down whatever is noted.
    fn drain(&self, segments: &mut Segments, line: Line, walk: Walk) -> Written {
        loop {
            let page = self.page(|view| view.notes(RECORDS))?;
            let is_all = page.is_all;
            if !page.notes.is_empty() {
                let mut head = self.head(line, walk, page.at, page.change);
                head.complete = is_all && walk == Walk::Over;
                segments.append(head, page.entries)?;
                let (notes, sequence) = (page.notes, segments.sequence());
                self.writer.run(move |transaction| {
                    transaction.forget_notes(&notes)?;
                    match walk {
                        Walk::Over => transaction.keep_sequence(sequence),
                        _ => Ok(()),
                    }
                })?;
            }
            if is_all {
                if walk == Walk::Over {
                    self.told.complete.store(page.at.as_millis(), Relaxed);
                }
                return Ok(());
            }
        }
    }

    fn head(&self, line: Line, walk: Walk, at: Timestamp, change: u64) -> Head {
        Head {
            registry: self.of.registry.clone(),
            generation: self.of.generation,
            line: line.number,
            at,
            change,
            complete: walk == Walk::Ends,
            walk,
            walked: line.walked,
        }
    }

    /// What some things are, as many as a frame may have.
    fn page(
        &self,
        things: impl FnOnce(&View<'_>) -> Result<Vec<Note>, Failure>,
    ) -> Result<Page, Unwritten> {
        let at = self.time.now();
        self.read(|view| {
            let mut notes = things(view)?;
            let (mut entries, mut bytes, mut read) = (Vec::new(), 0, 0);
            for note in &notes {
                if bytes >= BYTES {
                    break;
                }
                let entry = view.entry(note)?;
                bytes += entry.as_ref().map_or(0, |entry| entry.bytes.len());
                entries.extend(entry);
                read += 1;
            }
            let is_all = notes.len() < RECORDS && read == notes.len();
            notes.truncate(read);
            Ok(Page {
                notes,
                entries,
                at,
                change: view.last_change()?,
                is_all,
            })
        })
    }

    /// Reads from one snapshot.
    fn read<T>(&self, read: impl FnOnce(&View<'_>) -> Result<T, Failure>) -> Result<T, Unwritten> {
        let snapshot = self
            .connection
            .unchecked_transaction()
            .map_err(Failure::from)?;
        Ok(read(&View::new(&snapshot, self.time.now()))?)
    }
}

impl Of {
    fn is_of(&self, head: &Head) -> bool {
        head.registry == self.registry && head.generation == self.generation
    }
}

impl Head {
    /// Whether everything is there that was at its time, from the walk on.
    fn is_whole(&self) -> bool {
        matches!(self.walk, Walk::Ends | Walk::Over)
    }
}

impl View<'_> {
    /// The line that the journal was complete with, and its last frame that is known.
    fn journaled(&self) -> Result<(Option<u64>, u64), Failure> {
        let sql = "SELECT journal_line, journal_sequence FROM registry";
        let found = self.one(sql, (), |row| {
            let line = row.get::<_, Option<Bits>>(0)?.map(|line| line.0);
            Ok((line, row.get::<_, Bits>(1)?.0))
        })?;
        Ok(found.unwrap_or_default())
    }

    fn last_change(&self) -> Result<u64, Failure> {
        let change = self.one("SELECT change FROM registry", (), |row| row.get(0))?;
        Ok(change.map_or(0, |Bits(change)| change))
    }
}

impl Transaction<'_> {
    fn keep_line(&self, line: u64, sequence: u64) -> Result<(), Failure> {
        let sql = "UPDATE registry SET journal_line = ?1, journal_sequence = ?2";
        self.run(sql, (Bits(line), Bits(sequence)))?;
        Ok(())
    }

    fn keep_sequence(&self, sequence: u64) -> Result<(), Failure> {
        self.run(
            "UPDATE registry SET journal_sequence = ?1",
            [Bits(sequence)],
        )?;
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
