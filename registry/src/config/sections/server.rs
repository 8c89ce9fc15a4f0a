//! How clients reach the server.

use std::{fmt, str::FromStr, time::Duration};

use registry_server::{ForwardedHeader, Network, ParseNetworkError, PublicUrl};

use crate::config::{
    Listen,
    choice::choice,
    declaration::{Flag, section},
    setting::texts,
};

section! {
    /// How clients reach the server.
    Server = "server" {
        /// Where to listen. Port 0 takes a free one. After the address may stand `tls` (HTTPS, see below),
        /// `proxy-protocol` (the PROXY protocol, from trusted proxies and nobody else) and, for a unix socket, `mode=660`
        /// (its permissions): `0.0.0.0:443 tls`. The flag may be repeated.
        listen: Vec<Listen> = vec![Listen::default()], Flag::value("listen", "ADDRESS");

        /// The address under which clients reach the registry, where that is not the one they ask for: behind a
        /// proxy, say.
        public_url: Option<PublicUrl> = None, Flag::value("public-url", "URL");

        /// Proxies whose word is taken about where a request comes from and how it was asked for. What others say of
        /// that is not read. `unix` stands for whoever connects over a unix socket.
        trusted_proxies: Vec<Proxy> = Vec::new(), Flag::value("trusted-proxies", "NETWORKS");

        /// The headers in which they say it. What a client sends in the others means nothing.
        forwarded_header: ForwardedHeader = ForwardedHeader::XForwarded;

        /// Let requests under way finish for so long when told to stop.
        drain: Duration = Duration::from_secs(30), Flag::value("drain", "TIME");

        /// With `--take-over`, let the process that takes over need so long from when it may have the data directory until
        /// it serves, and take the directory back after that, unless that process has it open. Clients wait meanwhile.
        hand_over: Duration = Duration::from_secs(60);
    }
}

texts! {
    Proxy: "an address, a network as in `10.0.0.0/8`, or `unix`",
    PublicUrl: "an address, as in `https://registry.example.com`",
}

/// A proxy whose word is taken: a network, or those on unix sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Proxy(pub(crate) Option<Network>);

impl FromStr for Proxy {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "unix" => Ok(Self(None)),
            text => text.parse().map(|network| Self(Some(network))),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(network) => network.fmt(f),
            None => f.write_str("unix"),
        }
    }
}

choice! {
    ForwardedHeader {
        XForwarded = "x-forwarded": "`X-Forwarded-For`, `-Proto` and `-Host`",
        Forwarded = "forwarded": "`Forwarded`",
    }
}
