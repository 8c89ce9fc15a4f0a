//! A client of the registry: every request it makes leaves its mark in a ledger.

mod answers;
mod blobs;
mod manifests;
mod uploads;

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use self::answers::told;
pub use self::answers::{Result, Stop, is_further, wrong};
use super::{
    http::{Answer, Connection, Request},
    ledger::{Ledger, Pending},
    moment::Moment,
    random::Random,
};

/// A client and its ledger.
#[derive(Debug)]
pub struct Client {
    /// What it was told.
    pub ledger: Ledger,
    /// The grace period that the server was started with.
    pub grace: Duration,
    /// How many requests were answered.
    pub answered: u64,
    /// How many were answered that they cannot be now: 503 with a time to come back.
    pub refused: u64,
    /// How long a request was under way at most.
    pub slowest: Duration,
    /// A server that says nothing for so long hangs.
    pub patience: Duration,
    /// Set when the power is about to be cut. An answer that arrives later is none: where the power is
    /// gone nobody answers, while a file system that is told to stop may let a sync that is under way
    /// succeed (XFS does, now and then).
    pub cut: Arc<AtomicBool>,
    /// To each of the servers, any of which takes any request.
    connections: Vec<Connection>,
    random: Random,
    /// What was asked last, and answered.
    history: VecDeque<(Moment, String)>,
}

/// So much of what was asked is told when something is wrong.
const HISTORY: usize = 2000;

/// For a server that has what it needs.
const PATIENCE: Duration = Duration::from_secs(60);

impl Client {
    /// A client that is connected to nothing yet.
    #[must_use]
    pub fn new(ledger: Ledger, grace: Duration) -> Self {
        Self {
            ledger,
            grace,
            answered: 0,
            refused: 0,
            slowest: Duration::ZERO,
            patience: PATIENCE,
            cut: Arc::default(),
            connections: Vec::new(),
            random: Random::new(0),
            history: VecDeque::new(),
        }
    }

    /// From now on it speaks to any of these servers, HOST:PORT each, a request here and the next one there.
    pub fn connect(&mut self, hosts: &[String], random: Random) {
        let connections = hosts
            .iter()
            .map(|host| Connection::new(host, self.patience));
        self.connections = connections.collect();
        self.random = random;
    }

    /// Closes its connections.
    pub fn disconnect(&mut self) {
        self.connections.clear();
    }

    /// A path in the client's repository.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", self.ledger.name)
    }

    /// Sends something that changes nothing.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn ask(&mut self, request: Request<'_>) -> Result<Answer> {
        let (asked, answer) = (Moment::now(), self.send(request));
        self.slowest = self.slowest.max(asked.age());
        let what = || format!("{} {}", request.method, request.path);
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        self.history
            .push_back((asked, format!("{} {status}", what())));
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        let answer = answer.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                wrong(format!("{}: it hangs ({:?})", what(), asked.age()))
            }
            _ => Stop::Unanswered(format!("{}: {error}", what())),
        })?;
        match answer.status {
            _ if self.cut.load(Ordering::SeqCst) => Err(Stop::Unanswered(what())),
            // Whatever fails the server, it is to say that it is not for ever.
            503 if answer.header("retry-after").is_some() => {
                self.refused += 1;
                Err(Stop::Unanswered(format!("{}: {}", what(), told(&answer))))
            }
            500.. => Err(wrong(format!("{}: {}", what(), told(&answer)))),
            _ => {
                self.answered += 1;
                Ok(answer)
            }
        }
    }

    /// Sends a request to one of the servers; where it does not even listen, to the next one.
    fn send(&mut self, request: Request<'_>) -> io::Result<Answer> {
        let first = self.turn();
        let servers = self.connections.len();
        let mut sent = Err(io::ErrorKind::NotConnected.into());
        for turn in first..first + servers {
            sent = self.connections[turn % servers].send(request);
            match &sent {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                _ => break,
            }
        }
        sent
    }

    fn turn(&mut self) -> usize {
        let servers = self.connections.len() as u64;
        place(self.random.below(servers))
    }

    /// What was asked last that has to do with what went wrong.
    pub fn history_of(&self, wrong: &str) -> String {
        let words = wrong.split(|c: char| !c.is_ascii_alphanumeric());
        let ids: Vec<_> = words.filter(|word| word.len() >= 12).collect();
        let last = self.history.len().saturating_sub(12);
        let about = |line: &str| ids.iter().any(|id| line.contains(id));
        let told = self.history.iter().enumerate();
        let told = told.filter(|(place, (_, line))| *place >= last || about(line));
        let told = told.map(|(_, told)| told);
        let told =
            told.map(|(asked, line)| format!("\n  {} ms ago: {line}", asked.age().as_millis()));
        told.collect()
    }

    /// Sends something that changes something, which stays pending where no answer comes.
    fn change(&mut self, pending: Pending, request: Request<'_>) -> Result<Answer> {
        self.ledger.pending = Some((pending, Moment::now()));
        let answer = self.ask(request)?;
        self.ledger.pending = None;
        Ok(answer)
    }
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
