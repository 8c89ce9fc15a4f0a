//! What an answer may be.

use crate::clients::http::Answer;

/// Why a client does not go on.
#[derive(Debug)]
pub enum Stop {
    /// A request was not answered, or answered that it is not known.
    Unanswered(String),
    /// The registry did what it must not do.
    Violation(String),
}

/// How a step of a client ended.
pub type Result<T> = std::result::Result<T, Stop>;

/// A violation.
#[must_use]
pub fn wrong(what: String) -> Stop {
    Stop::Violation(what)
}

pub(super) fn expect(answer: &Answer, statuses: &[u16], what: &str) -> Result<()> {
    match statuses.contains(&answer.status) {
        true => Ok(()),
        false => Err(wrong(format!("{what}: {}, not {statuses:?}", told(answer)))),
    }
}

/// Whether an upload is not where it was when it was looked at: another server has kept more of it since, or
/// did so meanwhile.
#[must_use]
pub fn is_further(answer: &Answer) -> bool {
    matches!(answer.status, 409 | 416)
}

pub(super) fn told(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    format!("{} {:.200}", answer.status, body.trim())
}
