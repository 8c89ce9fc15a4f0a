//! How the program says that it could not do what was asked: a sentence for each thing that was wrong, and an
//! exit code.

use std::{
    fmt,
    io::{Write, stderr},
    process::ExitCode,
};

/// What was wrong and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure(Vec<String>);

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(vec![sentence.into()])
    }

    /// Several things that were wrong, a sentence each.
    pub(crate) fn several(sentences: Vec<String>) -> Self {
        Self(sentences)
    }

    /// Says it on standard error, a line each. The exit code for whatever the caller of the program can mend is 2.
    pub(crate) fn report(&self) -> ExitCode {
        for sentence in &self.0 {
            // Where standard error is closed nobody listens.
            let _ = writeln!(stderr(), "registry: {sentence}");
        }
        ExitCode::from(2)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
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
