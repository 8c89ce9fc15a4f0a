//! Unix sockets.

use std::{
    fs, io,
    os::unix::net::UnixStream as Probe,
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

/// A bound unix socket, whose file goes with it.
#[derive(Debug)]
pub(super) struct UnixAcceptor {
    listener: UnixListener,
    path: PathBuf,
}

impl UnixAcceptor {
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_stale(path, error)?;
                UnixListener::bind(path)?
            }
            bound => bound?,
        };
        let path = path.to_owned();
        Ok(Self { listener, path })
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }
}

impl Drop for UnixAcceptor {
    fn drop(&mut self) {
        // Should it stay, the next start replaces it.
        drop(fs::remove_file(&self.path));
    }
}

/// Removes a socket that nobody listens to. Anything else at that path stays.
fn remove_stale(path: &Path, in_use: io::Error) -> io::Result<()> {
    match Probe::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        _ => Err(in_use),
    }
}
