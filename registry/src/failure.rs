//! How the program says that it could not do what was asked: a sentence for each thing that was wrong, and an
//! exit code.

use std::{
    fmt,
    io::{Write, stderr},
    process::ExitCode,
};

use registry_core::{BuildError, Error, ScrubError};
use registry_storage::{
    directory::{BackupError, DirectoryError},
    migrate::MigrateError,
};
use serde::{Deserialize, Serialize};

/// What was wrong and what to do about it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    sentences: Vec<String>,
    code: u8,
}

impl Failure {
    /// It was not done, and the caller of the program can mend it: exit code 2.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self::several(vec![sentence.into()])
    }

    /// The same of several things, a sentence each.
    pub(crate) fn several(sentences: Vec<String>) -> Self {
        Self { sentences, code: 2 }
    }

    /// It was done, and not all is well: exit code 1.
    pub(crate) fn found(sentence: impl Into<String>) -> Self {
        let sentences = vec![sentence.into()];
        Self { sentences, code: 1 }
    }

    /// Says it on standard error, a line each.
    pub(crate) fn report(&self) -> ExitCode {
        for sentence in &self.sentences {
            // Where standard error is closed nobody listens.
            let _ = writeln!(stderr(), "registry: {sentence}");
        }
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentences.join("; "))
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<registry_transfer::Error> for Failure {
    fn from(error: registry_transfer::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<ScrubError> for Failure {
    fn from(error: ScrubError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.to_string())
    }
}

/// A command line that is none: help and version print themselves, the rest is one sentence.
pub(crate) fn usage(error: clap::Error) -> Result<(), Failure> {
    if !error.use_stderr() {
        return error
            .print()
            .map_err(|error| Failure::new(error.to_string()));
    }
    let text = error.to_string();
    let wrong = text.split("\n\n").next().unwrap_or_default();
    let wrong = wrong.trim_start_matches("error: ");
    let wrong = wrong.split_whitespace().collect::<Vec<_>>().join(" ");
    let tip = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("tip: "));
    let tip = tip.map(|tip| format!("; {tip}")).unwrap_or_default();
    Err(Failure::new(format!("{wrong}{tip}; see registry --help")))
}
