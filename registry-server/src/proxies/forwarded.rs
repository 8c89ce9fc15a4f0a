//! The headers in which proxies say for whom they ask, from the nearest proxy on.
//!
//! Lists are cut at their commas from the end on, without regard to quotes: what a client sent stands
//! in front, and a quote that it left open must not reach into what a proxy wrote.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// What one proxy says of the request it was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hop<'a> {
    pub(super) client: Option<IpAddr>,
    pub(super) scheme: Option<&'a str>,
    pub(super) host: Option<&'a str>,
}

/// `Forwarded: for=192.0.2.7;proto=https;host=registry.example.com, for="[2001:db8::1]:4711"`.
pub(super) fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Hop<'_>> {
    items(headers, "forwarded").map(element)
}

/// `X-Forwarded-For: 192.0.2.7, 2001:db8::1`. The scheme and the host are the nearest proxy's word; where there
/// are more proxies they hand on what the outermost said.
pub(super) fn x_forwarded(headers: &HeaderMap) -> impl Iterator<Item = Hop<'_>> {
    let scheme = items(headers, "x-forwarded-proto").next();
    let host = items(headers, "x-forwarded-host").next();
    let named = items(headers, "x-forwarded-for").map(node);
    // That there is nobody named does not make the rest untrue.
    named.chain([None]).map(move |client| Hop {
        client,
        scheme,
        host,
    })
}

/// The items of a list, the last first.
fn items<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().rev();
    // A line that is no text is an item that nobody understands, rather than none.
    let lines = lines.map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.rsplit(',')).map(str::trim_ascii)
}

fn element(text: &str) -> Hop<'_> {
    let mut hop = Hop::default();
    for pair in text.split(';') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let (name, value) = (name.trim_ascii(), value.trim_ascii());
        if name.eq_ignore_ascii_case("for") {
            hop.client = node(value);
        } else if name.eq_ignore_ascii_case("proto") {
            hop.scheme = Some(unquoted(value));
        } else if name.eq_ignore_ascii_case("host") {
            hop.host = Some(unquoted(value));
        }
    }
    hop
}

/// An address, with a port or without; `unknown` and other names are none.
fn node(text: &str) -> Option<IpAddr> {
    let text = unquoted(text);
    let bracketed = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bracketed.unwrap_or(text).parse();
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    address.or_else(|_| with_port()).ok()
}

fn unquoted(text: &str) -> &str {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text)
}
