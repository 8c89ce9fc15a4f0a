//! The socket's place and its rights.

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

const NAME: &str = "control.sock";

/// A data directory, held open so that a path of any length can be given to a socket, which takes no
/// more than 108 bytes.
struct Held(OwnedFd);

impl Held {
    fn open(directory: &Path) -> io::Result<Self> {
        Ok(Self(File::open(directory)?.into()))
    }

    fn socket(&self) -> PathBuf {
        format!("/proc/self/fd/{}/{NAME}", self.0.as_raw_fd()).into()
    }
}

/// Listens in a directory that nobody else has.
pub(super) fn bind(directory: &Path) -> io::Result<UnixListener> {
    let held = Held::open(directory)?;
    match fs::remove_file(held.socket()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = UnixSocket::new_stream()?;
    // Before it has a name, so that at no time it lets in more.
    rustix::fs::fchmod(socket.as_fd(), Mode::RUSR | Mode::WUSR)?;
    socket.bind(held.socket())?;
    socket.listen(16)
}

/// Reaches the server that listens there, where one does.
pub(super) async fn connect(directory: &Path) -> io::Result<Option<UnixStream>> {
    let connected = match Held::open(directory) {
        Ok(held) => UnixStream::connect(held.socket()).await,
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
