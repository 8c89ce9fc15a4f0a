//! How much a service takes on: requests per time, and requests at once.
//!
//! Both are off unless they are set. The rate of an address is checked before anything costs something,
//! so that guessing passwords is bounded by it; the rate of a caller once it is known who that is. What
//! is refused is told when to come back.

mod buckets;
mod concurrency;

use std::{fmt, net::IpAddr, num::NonZeroU32, time::Duration};

use registry_core::Caller;
use tokio::time::Instant;

pub(crate) use concurrency::{Place, Places};

use crate::{ClientAddress, Network, respond::Failure};
use buckets::Buckets;

/// How many requests are taken. Nothing is limited by default.
///
/// ```
/// use std::{num::NonZeroU32, time::Duration};
///
/// use registry_server::{Rate, RateLimits};
///
/// let limits = RateLimits {
///     per_address: Some("100/s".parse().unwrap()),
///     per_caller: Some(Rate { requests: NonZeroU32::new(5000).unwrap(), per: Duration::from_secs(60) }),
///     ..RateLimits::default()
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests of one address, signed in or not; more are answered 429. Of an IPv6 address the first 64
    /// bits count, which is what one customer has. Clients on a unix socket have no address and no limit.
    pub per_address: Option<Rate>,
    /// Requests of one account, wherever they come from; more are answered 429.
    pub per_caller: Option<Rate>,
    /// Requests under way at once, of everybody; more are answered 503.
    pub concurrent: Option<usize>,
    /// Addresses whose requests no rate is for, whoever makes them.
    pub exempt: Vec<Network>,
    /// Addresses and callers that are remembered. Where there are more, those that asked for least are
    /// forgotten.
    pub remembered: usize,
}

/// So many requests in so much time. All of them may come at once; then they come back evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: NonZeroU32,
    /// In what time.
    pub per: Duration,
}

/// A text is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no rate: write a number of requests per second, minute or hour, as in 100/s, 600/m or 5000/h"
)]
pub struct ParseRateError(String);

/// Holds requests to the limits.
pub(crate) struct Throttle {
    addresses: Option<Buckets<IpAddr>>,
    callers: Option<Buckets<str>>,
    pub(crate) places: Places,
    exempt: Vec<Network>,
    start: Instant,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            per_address: None,
            per_caller: None,
            concurrent: None,
            exempt: Vec::new(),
            remembered: 1 << 16,
        }
    }
}

impl std::str::FromStr for Rate {
    type Err = ParseRateError;

    fn from_str(text: &str) -> Result<Self, ParseRateError> {
        let parsed = text.split_once('/').and_then(|(requests, per)| {
            let seconds = match per {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return None,
            };
            Some(Self {
                requests: requests.parse().ok()?,
                per: Duration::from_secs(seconds),
            })
        });
        parsed.ok_or_else(|| ParseRateError(text.to_owned()))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per.as_secs() {
            1 => write!(f, "{}/s", self.requests),
            60 => write!(f, "{}/m", self.requests),
            3600 => write!(f, "{}/h", self.requests),
            _ => write!(f, "{} in {:?}", self.requests, self.per),
        }
    }
}

impl Throttle {
    pub(crate) fn new(limits: &RateLimits) -> Self {
        let remembered = limits.remembered;
        Self {
            addresses: limits
                .per_address
                .map(|rate| Buckets::new(rate, remembered)),
            callers: limits.per_caller.map(|rate| Buckets::new(rate, remembered)),
            places: Places::new(limits.concurrent),
            exempt: limits.exempt.clone(),
            start: Instant::now(),
        }
    }

    /// Whether a request from there is taken now.
    pub(crate) fn admit_address(&self, client: Option<&ClientAddress>) -> Result<(), Failure> {
        let ip = client.and_then(ClientAddress::ip);
        match (&self.addresses, ip) {
            (Some(buckets), Some(ip)) if !self.exempts(ip) => self.admit(buckets, &customer(ip)),
            _ => Ok(()),
        }
    }

    /// Whether a request of this caller from there is taken now.
    pub(crate) fn admit_caller(
        &self,
        caller: &Caller,
        client: Option<&ClientAddress>,
    ) -> Result<(), Failure> {
        let ip = client.and_then(ClientAddress::ip);
        match (&self.callers, caller.name()) {
            (Some(buckets), Some(name)) if !ip.is_some_and(|ip| self.exempts(ip)) => {
                self.admit(buckets, name)
            }
            _ => Ok(()),
        }
    }

    fn exempts(&self, ip: IpAddr) -> bool {
        self.exempt.iter().any(|network| network.contains(ip))
    }

    fn admit<K: std::hash::Hash + ?Sized>(
        &self,
        buckets: &Buckets<K>,
        key: &K,
    ) -> Result<(), Failure> {
        let taken = buckets.take(key, self.start.elapsed());
        taken.map_err(|wait| Failure::TooManyRequests { wait })
    }
}

/// What of an address stands for who uses it.
fn customer(ip: IpAddr) -> IpAddr {
    const NETWORK: u128 = !(u64::MAX as u128);
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) & NETWORK).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_as_they_are_read() {
        for text in ["100/s", "600/m", "5000/h"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for text in ["", "100", "0/s", "-1/s", "1/d", "1 / s", "99999999999/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn hazard_32_a_network_of_ipv6_addresses_is_one_client() {
        let customer = |text: &str| customer(text.parse().unwrap()).to_string();
        assert_eq!(customer("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(customer("192.0.2.7"), "192.0.2.7");
    }
}
