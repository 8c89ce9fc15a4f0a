//! The control socket: how commands reach the server that has their data directory.
//!
//! ```text
//! command ──► {"gc":{}}                       a job, one line
//! server  ──► {"line":"files deleted: 3"}     what it tells, a line each
//!             {"progress":{…}}                how far it is, now and then
//!             "done" | {"failed":{…}}         how it ended
//! ```
//!
//! `DIR/control.sock` lets in only who may write to the directory (mode 0600), so it asks nobody who they
//! are. HTTP with a token on the server's own port was the alternative: a secret to keep, and a door for
//! strangers to knock at. A command that goes away takes its job along.

mod client;
mod server;
pub(crate) mod socket;

use serde::{Deserialize, Serialize};

pub(crate) use self::{client::connect, server::listen};
use crate::{failure::Failure, job::Progress};

/// The socket's name in the data directory.
const NAME: &str = "control.sock";

/// What a server answers, line by line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// What the job tells.
    Line(String),
    /// How far it is.
    Progress(Progress),
    /// It did what was asked.
    Done,
    /// It did not.
    Failed(Failure),
}
