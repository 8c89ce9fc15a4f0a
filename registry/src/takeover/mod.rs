//! Upgrading without refusing anybody: `registry serve --take-over`.
//!
//! ```text
//! old ──► its listening sockets
//! new ──► take        its configuration, users and certificates are good
//! old ──► released    it has drained and closed the directory
//! new ──► ready       it serves; the old one ends
//! old ──► hangup      it was told to reload meanwhile, which is the new one's to do
//! ```
//!
//! Clients that connect meanwhile wait in the queue of the sockets, which both processes have. Should the
//! new process go away before it is ready, or not be ready in time, the old one opens the directory again and
//! goes on. A new one that is late finds it taken, and ends; one that is slow and has it open keeps it, and the
//! old one ends with an error, for nobody can take it from there. To have both serve at once was the
//! alternative; the directory belongs to one process at a time.
//!
//! It goes over `DIR/take-over.sock`, mode 0600 as the control socket, and apart from it: what passes
//! handles is no line of JSON.

mod predecessor;
mod successor;

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

pub(crate) use self::{
    predecessor::Predecessor,
    successor::{Heir, Succession, Successor},
};

/// The socket's name in the data directory.
const NAME: &str = "take-over.sock";

const TAKE: &str = "take\n";
const RELEASED: &str = "released\n";
const READY: &str = "ready\n";
const HANGUP: &str = "hangup\n";

async fn say(stream: &mut UnixStream, word: &str) -> io::Result<()> {
    stream.write_all(word.as_bytes()).await
}

async fn hear(stream: &mut UnixStream, word: &str) -> io::Result<()> {
    let mut heard = vec![0; word.len()];
    stream.read_exact(&mut heard).await?;
    match heard == word.as_bytes() {
        true => Ok(()),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}
