//! Where a server listens.

use std::{fmt, net::SocketAddr};

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A unix socket, by its path. A socket that was left behind there is replaced.
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

/// Where clients find a listener: its address, and whether they must speak TLS there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The address, with the port that was taken.
    pub address: Address,
    /// Whether it is HTTPS.
    pub secure: bool,
}

impl Address {
    /// The address, if it is a TCP port.
    #[must_use]
    pub const fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Tcp(address) if self.secure => write!(f, "https://{address}"),
            address => address.fmt(f),
        }
    }
}
