//! Unix sockets.

use std::{
    fs::{self, Permissions},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{
            fs::{FileTypeExt, PermissionsExt},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::listener::BACKLOG;

/// A bound unix socket.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    file: Arc<SocketFile>,
}

/// A socket's file, gone with the last of those who hold it.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Otherwise it is somebody else's, and stays.
    ours: AtomicBool,
}

impl UnixSocket {
    pub(super) fn bind(path: &Path, mode: Option<u32>) -> io::Result<Self> {
        let listener = match listen(path, mode) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_stale(path, error)?;
                listen(path, mode)?
            }
            listening => listening?,
        };
        Ok(Self::of(listener, path.to_owned(), true))
    }

    /// A socket that another process has bound, and whose file is that process's.
    pub(super) fn inherit(socket: OwnedFd) -> io::Result<Self> {
        let listener = UnixListener::from(socket);
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let path = address.as_pathname().ok_or_else(|| {
            let what = "a unix socket without a path cannot be served";
            io::Error::new(io::ErrorKind::InvalidInput, what)
        })?;
        let path = path.to_owned();
        Ok(Self::of(listener, path, false))
    }

    fn of(listener: UnixListener, path: PathBuf, ours: bool) -> Self {
        let ours = AtomicBool::new(ours);
        let file = Arc::new(SocketFile { path, ours });
        Self { listener, file }
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            listener: self.listener.try_clone()?,
            file: Arc::clone(&self.file),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.file.path
    }

    pub(super) fn leave_file(&self) {
        self.file.ours.store(false, Ordering::Release);
    }

    pub(super) fn own_file(&self) {
        self.file.ours.store(true, Ordering::Release);
    }

    /// The socket on the runtime, and what keeps its file.
    pub(super) fn into_tokio(self) -> io::Result<(tokio::net::UnixListener, Arc<SocketFile>)> {
        let listener = tokio::net::UnixListener::from_std(self.listener)?;
        Ok((listener, self.file))
    }
}

impl AsFd for UnixSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if *self.ours.get_mut() {
            // Should it stay, the next start replaces it.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Nobody can connect before the permissions are what they shall be: until then the socket does not listen.
fn listen(path: &Path, mode: Option<u32>) -> io::Result<UnixListener> {
    let socket = tokio::net::UnixSocket::new_stream()?;
    socket.bind(path)?;
    if let Some(mode) = mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    socket.listen(BACKLOG)?.into_std()
}

/// Removes a socket that nobody listens to. Anything else at that path stays.
fn remove_stale(path: &Path, in_use: io::Error) -> io::Result<()> {
    // A connection to what is no socket is refused as well.
    let is_socket = fs::symlink_metadata(path)?.file_type().is_socket();
    match UnixStream::connect(path) {
        Err(error) if is_socket && error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path)
        }
        _ => Err(in_use),
    }
}
