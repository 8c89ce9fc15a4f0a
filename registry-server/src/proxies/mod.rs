//! What proxies say of the requests they pass on, and who may say it.
//!
//! Anybody can write `X-Forwarded-For`, so it counts only from addresses that the operator named, and
//! only *one* family of headers is read: a proxy that writes `X-Forwarded-For` passes a client's own
//! `Forwarded` on as it came. Reading whichever is there, as many servers do, lets a client choose its
//! address.
//!
//! A list of addresses is read from its end, where the nearest proxy wrote, and only as far as those
//! are trusted who wrote: what stands further to the front anybody may have sent.

mod forwarded;
mod network;

use std::net::IpAddr;

use http::{HeaderMap, request::Parts};

use crate::{ClientAddress, PublicUrl};
use forwarded::{Hop, forwarded, x_forwarded};

pub use network::{Network, ParseNetworkError};

/// Proxies whose word about a request is taken. There are none unless they are named.
///
/// What they say becomes the request's [`ClientAddress`] and, where they say how the client reached
/// them, a [`PublicUrl`] among the request's extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    /// Where they connect from.
    pub networks: Vec<Network>,
    /// Whether whoever connects over a unix socket is one.
    pub unix: bool,
    /// What they write.
    pub header: ForwardedHeader,
}

/// The headers in which proxies say for whom they ask. The other ones are not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`, which nearly all write.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// What is known of a request's origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) client: ClientAddress,
    pub(crate) url: Option<PublicUrl>,
}

impl TrustedProxies {
    /// Where a request of a connection comes from.
    pub(crate) fn origin(&self, peer: ClientAddress, head: &Parts) -> Origin {
        if !self.trusts(peer) {
            let url = None;
            return Origin { client: peer, url };
        }
        match self.header {
            ForwardedHeader::XForwarded => self.follow(peer, head, x_forwarded(&head.headers)),
            ForwardedHeader::Forwarded => self.follow(peer, head, forwarded(&head.headers)),
        }
    }

    /// Whether a connection from there may speak for others.
    pub(crate) fn trusts(&self, peer: ClientAddress) -> bool {
        let within = |ip: IpAddr| self.networks.iter().any(|network| network.contains(ip));
        peer.ip().map_or(self.unix, within)
    }

    /// Goes from proxy to proxy, the nearest first, as long as they are trusted.
    fn follow<'a>(
        &self,
        peer: ClientAddress,
        head: &'a Parts,
        hops: impl Iterator<Item = Hop<'a>>,
    ) -> Origin {
        let (mut client, mut url) = (peer, None);
        for hop in hops {
            url = public_url(&hop, head).or(url);
            let Some(ip) = hop.client else { break };
            client = ip.into();
            if !self.trusts(client) {
                break;
            }
        }
        Origin { client, url }
    }
}

/// The address that a client asked, where a proxy says how it was asked.
fn public_url(hop: &Hop<'_>, head: &Parts) -> Option<PublicUrl> {
    let scheme = hop.scheme?.to_ascii_lowercase();
    let host = hop.host.or_else(|| asked_host(head))?;
    let host: http::uri::Authority = host.parse().ok()?;
    format!("{scheme}://{host}").parse().ok()
}

fn asked_host(head: &Parts) -> Option<&str> {
    let of_uri = head.uri.authority().map(http::uri::Authority::as_str);
    of_uri.or_else(|| text(&head.headers, "host"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests;
