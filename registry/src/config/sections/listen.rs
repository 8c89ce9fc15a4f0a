//! A place to listen at, as it is written: an address, and words that say how.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

use registry_server::Address;

use crate::config::setting::texts;

texts! {
    Listen: "an address, IP:PORT or unix:PATH, and after it the words that are wanted of tls, proxy-protocol, mode=660",
}

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    /// Where.
    pub(crate) address: Address,
    /// Whether TLS is spoken.
    pub(crate) tls: bool,
    /// Whether the PROXY protocol is.
    pub(crate) proxy_protocol: bool,
    /// The permissions of a unix socket.
    pub(crate) mode: Option<u32>,
}

/// What is no place to listen at.
#[derive(Debug)]
pub(crate) struct NoPlace;

impl Listen {
    /// Nothing but an address.
    pub(crate) const fn plain(address: Address) -> Self {
        Self {
            address,
            tls: false,
            proxy_protocol: false,
            mode: None,
        }
    }

    fn word(&mut self, word: &str) -> Result<(), NoPlace> {
        let on_unix = matches!(self.address, Address::Unix(_));
        match (word, word.strip_prefix("mode=")) {
            ("tls", _) => self.tls = true,
            ("proxy-protocol", _) => self.proxy_protocol = true,
            (_, Some(digits)) if on_unix => {
                let mode = u32::from_str_radix(digits, 8).map_err(|_| NoPlace)?;
                self.mode = Some(mode).filter(|mode| *mode <= 0o777);
                self.mode.ok_or(NoPlace)?;
            }
            _ => return Err(NoPlace),
        }
        Ok(())
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self::plain(Address::Tcp(([127, 0, 0, 1], 5000).into()))
    }
}

impl FromStr for Listen {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rest = text.trim();
        let mut words = Vec::new();
        // From the end, for a path may have spaces in it.
        while let Some((before, word)) = rest.rsplit_once(' ').filter(|(_, word)| is_word(word)) {
            words.push(word);
            rest = before.trim_end();
        }
        let mut listen = Self::plain(address(rest)?);
        words.into_iter().try_for_each(|word| listen.word(word))?;
        Ok(listen)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Tcp(address) => write!(f, "{address}")?,
            Address::Unix(path) => write!(f, "unix:{}", path.display())?,
        }
        if self.tls {
            f.write_str(" tls")?;
        }
        if self.proxy_protocol {
            f.write_str(" proxy-protocol")?;
        }
        self.mode.map_or(Ok(()), |mode| write!(f, " mode={mode:o}"))
    }
}

fn is_word(text: &str) -> bool {
    matches!(text, "tls" | "proxy-protocol") || text.starts_with("mode=")
}

fn address(text: &str) -> Result<Address, NoPlace> {
    if let Some(path) = text.strip_prefix("unix:") {
        return match path {
            "" => Err(NoPlace),
            path => Ok(Address::Unix(PathBuf::from(path))),
        };
    }
    let text = text.replacen("localhost:", "127.0.0.1:", 1);
    let address: SocketAddr = text.parse().map_err(|_| NoPlace)?;
    Ok(Address::Tcp(address))
}
