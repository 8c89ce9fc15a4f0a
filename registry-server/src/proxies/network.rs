//! Ranges of addresses.

use std::{fmt, net::IpAddr, str::FromStr};

/// A range of addresses, `10.0.0.0/8` for example, or one address.
///
/// - No bit below its prefix is set: `10.1.0.0/8` is refused, for it is likelier a slip than meant.
/// - An IPv4 address in IPv6's clothes is an IPv4 address, and a range is not written of such.
///
/// ```
/// use registry_server::Network;
///
/// let network: Network = "192.0.2.0/24".parse().unwrap();
/// assert!(network.contains("192.0.2.7".parse().unwrap()));
/// assert!(network.contains("::ffff:192.0.2.7".parse().unwrap()));
/// assert!(!network.contains("192.0.3.7".parse().unwrap()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u32,
}

/// A text is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network: write an address, or a range as in 10.0.0.0/8")]
pub struct ParseNetworkError(String);

impl Network {
    /// Whether an address lies in it.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.base.is_ipv4() && self.high_bits(ip) == self.high_bits(self.base)
    }

    /// The bits that make the network. Shifting out all of a number's bits must leave none.
    fn high_bits(&self, ip: IpAddr) -> u128 {
        let host_bits = width(self.base) - self.prefix;
        bits(ip).checked_shr(host_bits).unwrap_or(0)
    }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseNetworkError(text.to_owned());
        let (base, prefix) = text
            .split_once('/')
            .map_or((text, None), |(base, prefix)| (base, Some(prefix)));
        let base: IpAddr = base.parse().map_err(|_| error())?;
        let prefix = match prefix {
            None => width(base),
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| error())?
            }
            Some(_) => return Err(error()),
        };
        let host_bits = width(base).checked_sub(prefix).ok_or_else(error)?;
        let low = u128::MAX.checked_shr(128 - host_bits).unwrap_or(0);
        if bits(base) & low != 0 || base != base.to_canonical() {
            return Err(error());
        }
        Ok(Self { base, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix == width(self.base) {
            true => self.base.fmt(f),
            false => write!(f, "{}/{}", self.base, self.prefix),
        }
    }
}

fn width(ip: IpAddr) -> u32 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, ip: &str) -> bool {
        let network: Network = network.parse().unwrap();
        assert_eq!(network.to_string().parse(), Ok(network));
        network.contains(ip.parse().unwrap())
    }

    #[test]
    fn a_network_contains_what_shares_its_prefix() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("192.0.2.4/30", "192.0.2.7"));
        assert!(!contains("192.0.2.4/30", "192.0.2.8"));
        assert!(contains("192.0.2.4", "192.0.2.4"));
        assert!(!contains("192.0.2.4", "192.0.2.5"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("::1", "::1"));
    }

    #[test]
    fn everything_is_one_family() {
        assert!(contains("0.0.0.0/0", "255.255.255.255"));
        assert!(contains("0.0.0.0/0", "::ffff:1.2.3.4"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("::/0", "ffff::1"));
        assert!(!contains("::/0", "1.2.3.4"));
        assert!(!contains("::/0", "::ffff:1.2.3.4"));
    }

    #[test]
    fn slips_are_refused() {
        for text in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.1.0.0/8",
            "::ffff:10.0.0.0/104",
            "10.0.0/8",
            "example.com",
            "10.0.0.0/8/8",
            " 10.0.0.0/8",
            "10.0.0.0/99999999999",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text:?}");
        }
    }
}
