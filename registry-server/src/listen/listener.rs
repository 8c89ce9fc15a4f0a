//! A bound socket, and how its connections begin.

use std::{io, net::SocketAddr};

use tokio::net::TcpSocket;

#[cfg(feature = "tls")]
use super::tls::Tls;
#[cfg(unix)]
use super::unix::UnixSocket;
use super::{
    address::{Address, Endpoint},
    reception::Reception,
};
use crate::TrustedProxies;

/// A bound socket: clients may connect, and wait until a [`Server`](super::Server) accepts them.
///
/// It is no part of a runtime yet, so it can be kept, cloned and handed to another process while a
/// server uses it. The file of a unix socket goes with the last clone.
///
/// ```
/// # fn run() -> std::io::Result<()> {
/// use registry_server::{Address, Listener, Server};
///
/// let public = Listener::bind(&Address::Tcp(([0, 0, 0, 0], 5000).into()))?;
/// let local = Listener::bind(&Address::Unix("/run/registry.sock".into()))?;
/// let server = Server::new(vec![public, local])?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Listener {
    pub(super) address: Address,
    pub(super) socket: Socket,
    pub(super) reception: Reception,
}

#[derive(Debug)]
pub(super) enum Socket {
    Tcp(std::net::TcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
}

/// Clients that wait to be accepted.
pub(super) const BACKLOG: u32 = 1024;

impl Listener {
    /// Binds an address. Port 0 takes any free port. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// Where the address is in use or may not be used.
    pub fn bind(address: &Address) -> io::Result<Self> {
        let socket = match address {
            Address::Tcp(wanted) => Socket::Tcp(bind_tcp(*wanted)?),
            #[cfg(unix)]
            Address::Unix(path) => Socket::Unix(UnixSocket::bind(path, None)?),
        };
        Self::of(socket)
    }

    /// Binds a unix socket whose file has these permissions, `0o660` for example, from its first moment on.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    #[cfg(unix)]
    pub fn bind_unix(path: &std::path::Path, mode: u32) -> io::Result<Self> {
        Self::of(Socket::Unix(UnixSocket::bind(path, Some(mode))?))
    }

    /// A socket that somebody else has bound: the process that this one takes over from, or the one that
    /// started it. The file of a unix socket is theirs.
    ///
    /// # Errors
    /// Where it is no socket of a kind that is served.
    #[cfg(unix)]
    pub fn inherit(socket: std::os::fd::OwnedFd) -> io::Result<Self> {
        let tcp = std::net::TcpListener::from(socket);
        // It answers only where the socket has an address of that kind.
        let socket = match tcp.local_addr() {
            Ok(_) => {
                tcp.set_nonblocking(true)?;
                Socket::Tcp(tcp)
            }
            Err(_) => Socket::Unix(UnixSocket::inherit(tcp.into())?),
        };
        Self::of(socket)
    }

    /// Speaks TLS, and nothing else.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: impl Into<Tls>) -> Self {
        self.reception.tls = Some(tls.into());
        self
    }

    /// Requires the PROXY protocol, version 1 or 2, of every connection, and that it comes from one of
    /// these. The address that they name is the client's.
    #[must_use]
    pub fn proxy_protocol(mut self, from: TrustedProxies) -> Self {
        self.reception.proxies = Some(from.into());
        self
    }

    /// Where clients find it.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            address: self.address.clone(),
            secure: self.reception.is_secure(),
        }
    }

    /// Another handle of the same socket.
    ///
    /// # Errors
    /// Where the process may not have more files open.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            address: self.address.clone(),
            socket: match &self.socket {
                Socket::Tcp(socket) => Socket::Tcp(socket.try_clone()?),
                #[cfg(unix)]
                Socket::Unix(socket) => Socket::Unix(socket.try_clone()?),
            },
            reception: self.reception.clone(),
        })
    }

    /// Leaves the file of a unix socket where it is, because another process listens there from now on.
    #[cfg(unix)]
    pub fn leave_file(&self) {
        if let Socket::Unix(socket) = &self.socket {
            socket.leave_file();
        }
    }

    /// Takes the file of an inherited unix socket for its own: it goes with the last clone.
    #[cfg(unix)]
    #[must_use]
    pub fn own_file(self) -> Self {
        if let Socket::Unix(socket) = &self.socket {
            socket.own_file();
        }
        self
    }

    fn of(socket: Socket) -> io::Result<Self> {
        let address = match &socket {
            Socket::Tcp(socket) => Address::Tcp(socket.local_addr()?),
            #[cfg(unix)]
            Socket::Unix(socket) => Address::Unix(socket.path().to_owned()),
        };
        Ok(Self {
            address,
            socket,
            reception: Reception::default(),
        })
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Listener {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match &self.socket {
            Socket::Tcp(socket) => socket.as_fd(),
            Socket::Unix(socket) => socket.as_fd(),
        }
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart must not wait for connections of the process before to fade.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
