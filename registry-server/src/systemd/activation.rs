//! Sockets that systemd listens on for us (`LISTEN_FDS`): clients may connect before the service runs, and
//! while it is started again.

use std::{env, io, os::fd::OwnedFd};

use listenfd::ListenFd;

use crate::Listener;

/// A socket of a `.socket` unit.
#[derive(Debug)]
pub struct Activated {
    /// Its name there (`FileDescriptorName=`).
    pub name: Option<String>,
    /// The socket.
    pub listener: Listener,
}

/// The sockets that systemd passed to this process: none where it was not started by one.
///
/// # Errors
/// Where one of them is no listening stream socket.
pub fn activated() -> io::Result<Vec<Activated>> {
    let mut passed = ListenFd::from_env();
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':').map(str::to_owned);
    let mut sockets = Vec::new();
    for index in 0..passed.len() {
        let name = names.next().filter(|name| !name.is_empty());
        if let Some(socket) = take(&mut passed, index)? {
            let listener = Listener::inherit(socket)?;
            sockets.push(Activated { name, listener });
        }
    }
    Ok(sockets)
}

fn take(passed: &mut ListenFd, index: usize) -> io::Result<Option<OwnedFd>> {
    match passed.take_tcp_listener(index) {
        Ok(socket) => Ok(socket.map(OwnedFd::from)),
        Err(_) => Ok(passed.take_unix_listener(index)?.map(OwnedFd::from)),
    }
}
