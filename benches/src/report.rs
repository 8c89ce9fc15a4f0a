//! Standard output, on which a benchmark's results go.

use std::fmt::Display;

/// Prints a line.
#[expect(
    clippy::print_stdout,
    reason = "the results of a benchmark are its output"
)]
pub fn say(line: impl Display) {
    println!("{line}");
}
