//! The side of the process that is taken over from.

use std::{io, path::Path, time::Duration};

use registry_server::Listener;
use tokio::{
    net::{UnixListener, UnixStream},
    time::{sleep, timeout},
};

use super::{HANGUP, NAME, READY, RELEASED, TAKE, hear, say};
use crate::control::socket;

/// How long a process may look at its configuration before it is sent away, for others may want to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// After a failure to accept: it is for want of file handles, and those come back with time.
const PAUSE: Duration = Duration::from_millis(100);

/// Where processes ask to take over.
pub(crate) struct Succession(UnixListener);

/// A process that takes over.
pub(crate) struct Successor(UnixStream);

impl Succession {
    /// Lets them ask, in a directory that nobody else has.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        socket::bind(directory, NAME).map(Self)
    }

    /// The next process that is able to take over; it has the sockets by then.
    pub(crate) async fn next(&self, listeners: &[Listener]) -> Successor {
        loop {
            match self.offer(listeners).await {
                Ok(successor) => return successor,
                Err(error) => {
                    tracing::warn!(%error, "a process that was to take over did not");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn offer(&self, listeners: &[Listener]) -> io::Result<Successor> {
        let (mut stream, _) = self.0.accept().await?;
        Listener::send_all(listeners, &stream).await?;
        timeout(PATIENCE, hear(&mut stream, TAKE)).await??;
        Ok(Successor(stream))
    }
}

/// A process that has taken over.
pub(crate) struct Heir(UnixStream);

impl Successor {
    /// Leaves the directory to it, until it serves or the time is over.
    pub(crate) async fn succeed(mut self, limit: Duration) -> io::Result<Heir> {
        say(&mut self.0, RELEASED).await?;
        let ready = timeout(limit, hear(&mut self.0, READY)).await;
        ready.map_err(|_| late(limit))??;
        Ok(Heir(self.0))
    }
}

impl Heir {
    /// Its process id.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.0.peer_cred().ok()?.pid()
    }

    /// Has it read its configuration again.
    pub(crate) async fn reload(&mut self) {
        if let Err(error) = say(&mut self.0, HANGUP).await {
            tracing::warn!(%error, "the process that took over was not told to reload");
        }
    }
}

fn late(limit: Duration) -> io::Error {
    let seconds = limit.as_secs();
    let what = format!("it did not serve within {seconds} s (server.hand_over)");
    io::Error::new(io::ErrorKind::TimedOut, what)
}
