//! The PROXY protocol: a load balancer's first bytes on a connection say for whom it speaks.
//!
//! Where it is switched on it is required: a connection that begins with anything else, or comes
//! from elsewhere than the load balancers, is closed without an answer. Accepting both would let
//! every client choose its address. The header is bounded, and read without a byte more than it
//! has, for what follows belongs to TLS or HTTP.

mod v1;
mod v2;

use std::{io, net::IpAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// The source that a header names: `None` where the load balancer speaks for itself, or for somebody
/// without an address.
pub(super) type Source = Option<IpAddr>;

/// The bytes that tell the versions apart, which both have.
const FIRST: usize = 12;

/// Reads a header.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Source> {
    let mut first = [0; FIRST];
    stream.read_exact(&mut first).await?;
    match first {
        v2::SIGNATURE => v2::read(stream).await,
        _ => v1::read(first, stream).await,
    }
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests;
