//! How clients reach the server.

use std::{fmt, net::SocketAddr, str::FromStr, time::Duration};

use registry_server::{Address, PublicUrl};

use crate::config::{
    declaration::{Flag, section},
    setting::texts,
};

section! {
    /// How clients reach the server.
    Server = "server" {
        /// Where to listen. Port 0 takes a free one. The flag may be repeated.
        listen: Vec<Listen> = vec![Listen::default()], Flag::value("listen", "ADDRESS");

        /// The address under which clients reach the registry, where that is not the one they ask for: behind a
        /// proxy, say.
        public_url: Option<PublicUrl> = None, Flag::value("public-url", "URL");

        /// Let requests under way finish for so long when told to stop.
        drain: Duration = Duration::from_secs(30), Flag::value("drain", "TIME");
    }
}

texts! {
    Listen: "an address, IP:PORT or unix:PATH",
    PublicUrl: "an address, as in `https://registry.example.com`",
}

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) Address);

impl Default for Listen {
    fn default() -> Self {
        Self(Address::Tcp(([127, 0, 0, 1], 5000).into()))
    }
}

impl FromStr for Listen {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self(Address::Unix(path.into())));
        }
        let text = text.replacen("localhost:", "127.0.0.1:", 1);
        let address: SocketAddr = text.parse()?;
        Ok(Self(Address::Tcp(address)))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Address::Tcp(address) => write!(f, "{address}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
