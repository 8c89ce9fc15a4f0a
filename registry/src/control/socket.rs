//! Sockets in a data directory, and their rights.

use std::{
    fs::{self, File},
    io,
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use rustix::{
    fd::{AsRawFd, OwnedFd},
    fs::Mode,
};
use tokio::net::{UnixListener, UnixSocket, UnixStream};

/// A data directory, held open so that a path of any length can be given to a socket, which takes no
/// more than 108 bytes.
struct Held(OwnedFd);

impl Held {
    fn open(directory: &Path) -> io::Result<Self> {
        Ok(Self(File::open(directory)?.into()))
    }

    fn socket(&self, name: &str) -> PathBuf {
        format!("/proc/self/fd/{}/{name}", self.0.as_raw_fd()).into()
    }
}

/// Listens in a directory that nobody else has.
pub(crate) fn bind(directory: &Path, name: &str) -> io::Result<UnixListener> {
    let held = Held::open(directory)?;
    match fs::remove_file(held.socket(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = UnixSocket::new_stream()?;
    // Before it has a name, so that at no time it lets in more.
    rustix::fs::fchmod(socket.as_fd(), Mode::RUSR | Mode::WUSR)?;
    socket.bind(held.socket(name))?;
    socket.listen(16)
}

/// Reaches the server that listens there, where one does.
pub(crate) async fn connect(directory: &Path, name: &str) -> io::Result<Option<UnixStream>> {
    let connected = match Held::open(directory) {
        Ok(held) => UnixStream::connect(held.socket(name)).await,
        Err(error) => Err(error),
    };
    match connected {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
            _ => Err(error),
        },
    }
}
