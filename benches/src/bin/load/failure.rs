//! What ends a measurement, or a scenario of it.

use std::fmt;
use std::io;

/// Something could not be measured; the sentence says why.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    sentence: String,
}

/// What a failure means for the rest of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something is not as it should be.
    Wrong,
    /// The server does not offer it: no fault, and no measurement.
    NoSuchApi,
    /// It cannot be measured on this machine or by this user.
    NotHere,
    /// The server closed a connection before it began to answer.
    Closed,
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self::of(Kind::Wrong, sentence)
    }

    pub(crate) fn of(kind: Kind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            sentence: sentence.into(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The same failure, and during what it happened.
    pub(crate) fn during(mut self, what: impl fmt::Display) -> Self {
        self.sentence = format!("{what}: {}", self.sentence);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        let kind = match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset => Kind::Closed,
            _ => Kind::Wrong,
        };
        Self::of(kind, error.to_string())
    }
}
