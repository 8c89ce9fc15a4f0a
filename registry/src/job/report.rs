//! What a job tells while it works.
//!
//! Progress is drawn on a terminal, in one line that what follows overwrites; anywhere else only lines are
//! written. The job need not know which: it may run in a server, far from whoever reads.

use std::io::{self, IsTerminal, Write};

use serde::{Deserialize, Serialize};

/// How far a job is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// How much of it is done.
    pub(crate) done: u64,
    /// How much there is, as far as that is known.
    pub(crate) of: u64,
    /// What is counted, and what else can be said, in few words.
    pub(crate) text: String,
}

/// Whom a job tells what it does.
pub(crate) trait Report: Send + Sync {
    /// A line of the job's answer.
    fn line(&self, line: &str);

    /// How far it is, now and then.
    fn progress(&self, progress: &Progress);
}

/// Lines on standard output.
pub(crate) struct Terminal;

/// Empties the line that the cursor is in.
const EMPTY: &str = "\x1b[K";

impl Report for Terminal {
    fn line(&self, line: &str) {
        let mut out = io::stdout().lock();
        let before = if out.is_terminal() { EMPTY } else { "" };
        // Where standard output is closed nobody listens.
        let _ = writeln!(out, "{before}{line}");
    }

    fn progress(&self, progress: &Progress) {
        let mut out = io::stdout().lock();
        if out.is_terminal() {
            let drawn = write!(out, "{EMPTY}{}\r", bar(progress));
            let _ = drawn.and_then(|()| out.flush());
        }
    }
}

/// A bar and its text, short enough for any terminal.
fn bar(progress: &Progress) -> String {
    const WIDTH: u64 = 20;
    const LINE: usize = 79;
    let Progress { done, of, text } = progress;
    let filled = (done.min(of) * WIDTH).checked_div(*of).unwrap_or(0);
    let filled = usize::try_from(filled).unwrap_or(0);
    let bar = format!("[{:-<20}] {done}/{of} {text}", "#".repeat(filled));
    bar.chars().take(LINE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(done: u64, of: u64, text: &str) -> String {
        let text = text.to_owned();
        bar(&Progress { done, of, text })
    }

    #[test]
    fn a_bar_fills_and_fits_into_a_line() {
        assert_eq!(drawn(0, 0, "images"), "[--------------------] 0/0 images");
        assert_eq!(drawn(1, 2, "images"), "[##########----------] 1/2 images");
        assert_eq!(drawn(3, 2, "images"), "[####################] 3/2 images");
        assert_eq!(drawn(1, 1, &"long ".repeat(40)).chars().count(), 79);
    }
}
