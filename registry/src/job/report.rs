//! What a job tells while it works.

use std::io::{self, Write};

/// Whom a job tells what it does.
pub(crate) trait Report: Send + Sync {
    /// A line of the job's answer.
    fn line(&self, line: &str);
}

/// Lines on standard output.
pub(crate) struct Terminal;

impl Report for Terminal {
    fn line(&self, line: &str) {
        // Where standard output is closed nobody listens.
        let _ = writeln!(io::stdout().lock(), "{line}");
    }
}
