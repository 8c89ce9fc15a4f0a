//! Where a request comes from.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// Where a request comes from, as far as those tell who are trusted to.
///
/// A [`Server`](crate::Server) puts one into every request's extensions: the address of the connection's other
/// end. An embedder with a server of their own may insert one, too.
///
/// - An IPv4 address in IPv6's clothes is the IPv4 address, so that one client is not counted as two.
/// - A client on a unix socket has none.
///
/// ```
/// use registry_server::ClientAddress;
///
/// let client = ClientAddress::from("::ffff:192.0.2.7".parse::<std::net::IpAddr>().unwrap());
/// assert_eq!(client.to_string(), "192.0.2.7");
/// assert_eq!(ClientAddress::LOCAL.to_string(), "unix");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(Option<IpAddr>);

impl ClientAddress {
    /// A client on this machine, on a unix socket.
    pub const LOCAL: Self = Self(None);

    /// The address, unless the client is on a unix socket.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        self.0
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(ip: IpAddr) -> Self {
        Self(Some(ip.to_canonical()))
    }
}

impl From<SocketAddr> for ClientAddress {
    fn from(address: SocketAddr) -> Self {
        address.ip().into()
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(ip) => ip.fmt(f),
            None => f.write_str("unix"),
        }
    }
}
