//! Version 2: binary.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::{FIRST, Source, malformed};

pub(super) const SIGNATURE: [u8; FIRST] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The most that may follow the fixed part: addresses, and what else a load balancer tells (the names of
/// TLS, its own ids), which is skipped.
const MOST: usize = 4096;

/// Reads what follows the signature.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Source> {
    let mut fixed = [0; 4];
    stream.read_exact(&mut fixed).await?;
    let [command, family, high, low] = fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MOST {
        return Err(malformed("the PROXY header is too long"));
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    parse(command, family, &rest).ok_or_else(|| malformed("the PROXY header is malformed"))
}

fn parse(command: u8, family: u8, rest: &[u8]) -> Option<Source> {
    const LOCAL: u8 = 0x20;
    const PROXY: u8 = 0x21;
    const TCP4: u8 = 0x11;
    const TCP6: u8 = 0x21;
    const UNIX: u8 = 0x31;
    const UNSPECIFIED: u8 = 0;
    match (command, family) {
        // A load balancer that looks whether we are well; what else it says does not matter.
        (LOCAL, _) => Some(None),
        (PROXY, TCP4) => {
            let (addresses, _) = rest.split_first_chunk::<12>()?;
            let source = addresses.first_chunk::<4>()?;
            Some(Some(IpAddr::from(Ipv4Addr::from(*source))))
        }
        (PROXY, TCP6) => {
            let (addresses, _) = rest.split_first_chunk::<36>()?;
            let source = addresses.first_chunk::<16>()?;
            Some(Some(IpAddr::from(Ipv6Addr::from(*source))))
        }
        (PROXY, UNIX | UNSPECIFIED) => Some(None),
        _ => None,
    }
}
