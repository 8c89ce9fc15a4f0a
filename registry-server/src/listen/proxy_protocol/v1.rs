//! Version 1: a line of text.

use std::{io, net::IpAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::{FIRST, Source, malformed};

/// The longest line, its end included.
const LONGEST: usize = 107;

/// Reads the rest of a line, byte by byte: where it ends is not known before.
pub(super) async fn read(
    first: [u8; FIRST],
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Source> {
    if !first.starts_with(b"PROXY ") {
        return Err(malformed("it does not begin with a PROXY header"));
    }
    let mut line = first.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == LONGEST {
            return Err(malformed("the line of the PROXY header does not end"));
        }
        line.push(stream.read_u8().await?);
    }
    let line = str::from_utf8(&line[..line.len() - 2]);
    let line = line.map_err(|_| malformed("the PROXY header is no text"))?;
    parse(line).ok_or_else(|| malformed("the PROXY header is malformed"))
}

/// `PROXY TCP4 192.0.2.7 192.0.2.1 4711 443`, or `PROXY UNKNOWN` and anything.
fn parse(line: &str) -> Option<Source> {
    let mut words = line.split(' ').skip(1);
    let wants_v4 = match words.next()? {
        "TCP4" => true,
        "TCP6" => false,
        "UNKNOWN" => return Some(None),
        _ => return None,
    };
    let source: IpAddr = words.next()?.parse().ok()?;
    let target: IpAddr = words.next()?.parse().ok()?;
    let _: u16 = words.next()?.parse().ok()?;
    let _: u16 = words.next()?.parse().ok()?;
    let agree = source.is_ipv4() == wants_v4 && target.is_ipv4() == wants_v4;
    (agree && words.next().is_none()).then_some(Some(source))
}
