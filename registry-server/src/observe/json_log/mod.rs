//! The access log as lines of JSON.
//!
//! A line is made where the request ended, which takes less than a microsecond, and written by a thread of
//! its own. Where the disk does not keep up the queue fills, and lines are dropped and counted: a log
//! must not hold up what it is about. A line is plain ASCII whatever was in it, so nothing that a client
//! sends ends a line early or reaches a terminal.

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{Builder, JoinHandle},
};

use http::StatusCode;
use registry_core::{Clock, Timestamp};

use super::{AccessEntry, AccessLog, Exposition, Gather, classes::CLIENT_GONE};

/// Where the lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard output.
    StandardOutput,
    /// A file, to which they are appended.
    File(PathBuf),
}

/// An access log of JSON lines. Dropping it writes what waits.
///
/// The form of a line is described in `docs/access-log.md`.
pub struct JsonLog {
    queue: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
    clock: Arc<dyn Clock>,
    counts: Arc<Counts>,
}

enum Message {
    Line(String),
    /// The file is to be opened again.
    Reopen,
}

#[derive(Default)]
struct Counts {
    written: AtomicU64,
    dropped: AtomicU64,
    /// Told beside the queue as well, which may be full.
    reopen: AtomicBool,
}

/// Lines that may wait: a second's worth of many requests, and some megabytes at most.
const QUEUE: usize = 16 << 10;

impl JsonLog {
    /// Opens the target, and starts the thread that writes to it.
    ///
    /// # Errors
    /// Where the file cannot be opened or the system refuses a thread.
    pub fn start(target: LogTarget, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let counts = Arc::new(Counts::default());
        let (queue, waiting) = sync_channel(QUEUE);
        let mut writer = Writer {
            out: open(&target)?,
            target,
            counts: Arc::clone(&counts),
            failing: false,
        };
        let thread = Builder::new().name("access-log".to_owned());
        let thread = thread.spawn(move || writer.run(&waiting))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            clock,
            counts,
        })
    }

    /// Opens the file again, as after it was moved away to be rotated.
    pub fn reopen(&self) {
        self.counts.reopen.store(true, Relaxed);
        if let Some(queue) = &self.queue {
            // A full queue wakes the thread anyhow.
            let _ = queue.try_send(Message::Reopen);
        }
    }
}

impl AccessLog for JsonLog {
    fn record(&self, entry: &AccessEntry) {
        let line = line(entry, self.clock.now());
        let queue = self.queue.as_ref();
        if queue.is_none_or(|queue| queue.try_send(Message::Line(line)).is_err()) {
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl Gather for JsonLog {
    fn gather(&self, page: &mut Exposition) {
        let help = "Lines of the access log.";
        let mut family = page.counter("registry_access_log_lines_total", help);
        for (outcome, count) in [
            ("written", &self.counts.written),
            ("dropped", &self.counts.dropped),
        ] {
            family.count(&[("outcome", outcome)], count.load(Relaxed));
        }
    }
}

impl Drop for JsonLog {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell; where it panicked its lines are lost.
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for JsonLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonLog").finish_non_exhaustive()
    }
}

/// What the thread has.
struct Writer {
    target: LogTarget,
    out: Box<dyn Write + Send>,
    counts: Arc<Counts>,
    failing: bool,
}

impl Writer {
    fn run(&mut self, waiting: &Receiver<Message>) {
        while let Ok(first) = waiting.recv() {
            let written = self.batch(first, waiting);
            self.told(written);
        }
    }

    /// Writes all that waits, and has it reach the file.
    fn batch(&mut self, first: Message, waiting: &Receiver<Message>) -> io::Result<()> {
        let mut next = Some(first);
        let mut outcome = Ok(());
        while let Some(message) = next {
            if self.counts.reopen.swap(false, Relaxed) {
                outcome = outcome.and(self.reopen());
            }
            if let Message::Line(line) = message {
                outcome = outcome.and(self.write(&line));
            }
            next = waiting.try_recv().ok();
        }
        outcome.and(self.out.flush())
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let written = self.out.write_all(line.as_bytes());
        let count = match &written {
            Ok(()) => &self.counts.written,
            Err(_) => &self.counts.dropped,
        };
        count.fetch_add(1, Relaxed);
        written
    }

    /// A file that cannot be opened leaves the one before in use.
    fn reopen(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out = open(&self.target)?;
        Ok(())
    }

    /// Says the first of several failures, for a log of the log is of no use.
    fn told(&mut self, outcome: io::Result<()>) {
        if let Err(error) = &outcome
            && !self.failing
        {
            tracing::error!(%error, "the access log cannot be written");
        }
        self.failing = outcome.is_err();
    }
}

fn open(target: &LogTarget) -> io::Result<Box<dyn Write + Send>> {
    Ok(match target {
        LogTarget::StandardOutput => Box::new(BufWriter::new(io::stdout())),
        LogTarget::File(path) => Box::new(BufWriter::new(append(path)?)),
    })
}

fn append(path: &PathBuf) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    // It says who fetched what.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)
}

/// The line of a request that ended now, its newline included.
fn line(entry: &AccessEntry, now: Timestamp) -> String {
    let mut line = String::with_capacity(512);
    let status = entry
        .status
        .as_ref()
        .map_or(CLIENT_GONE, StatusCode::as_str);
    // Writing to a string does not fail.
    let _ = write!(line, "{{\"time\":\"{}\"", now);
    text(&mut line, "id", &entry.request_id);
    let client = entry.client.map(|client| client.to_string());
    optional(&mut line, "client", client.as_deref());
    optional(&mut line, "caller", entry.caller.as_deref());
    text(&mut line, "method", entry.method.as_str());
    text(&mut line, "route", entry.route);
    let repository = entry.repository.as_ref();
    optional(
        &mut line,
        "repository",
        repository.map(|name| name.as_str()),
    );
    optional(&mut line, "reference", entry.reference.as_deref());
    let _ = write!(
        line,
        ",\"status\":{status},\"received\":{},\"sent\":{},\"complete\":{}",
        entry.received, entry.sent, entry.complete
    );
    let (answered, ended) = (entry.answered_after, entry.ended_after);
    let _ = write!(
        line,
        ",\"answered_after\":{:.6},\"ended_after\":{:.6}",
        answered.as_secs_f64(),
        ended.as_secs_f64()
    );
    optional(&mut line, "user_agent", entry.user_agent.as_deref());
    line.push_str("}\n");
    line
}

fn optional(line: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        text(line, name, value);
    }
}

/// A member that is text, in ASCII.
fn text(line: &mut String, name: &str, value: &str) {
    let _ = write!(line, ",\"{name}\":\"");
    for character in value.chars() {
        match character {
            '"' | '\\' => line.extend(['\\', character]),
            ' '..='~' => line.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(line, "\\u{unit:04x}");
                }
            }
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests;
