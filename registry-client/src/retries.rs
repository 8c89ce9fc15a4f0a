//! When a request is made again, and after what pause.
//!
//! The pause doubles, with half of it random, so that clients which failed together do not return
//! together. A `Retry-After` of the server replaces it; one that asks for more patience than
//! [`Retries::longest_wait`] ends the operation, because the caller can wait better than a request can.

use std::pin::Pin;
use std::time::Duration;

use registry_core::Random;

/// How often and how patiently a failed request is made again.
///
/// Only failures that may pass are met so: a broken connection, 408, 429, 500, 502, 503 and 504.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How many more times a request is made; 0 for never. A transfer that is resumed after a break
    /// takes from the same number.
    pub most: u32,
    /// The pause before the first retry, at most; each one after it is twice as long.
    pub first_pause: Duration,
    /// The longest pause that is chosen here.
    pub longest_pause: Duration,
    /// The longest pause that the server may choose by `Retry-After`.
    pub longest_wait: Duration,
}

impl Default for Retries {
    /// Four retries within some ten seconds; a server may ask for a minute.
    fn default() -> Self {
        Self {
            most: 4,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(10),
            longest_wait: Duration::from_secs(60),
        }
    }
}

impl Retries {
    /// No retries at all.
    #[must_use]
    pub fn none() -> Self {
        Self {
            most: 0,
            ..Self::default()
        }
    }

    /// The pause before retry number `retry`, the first being 0; `None` where it is not worth waiting.
    pub(crate) fn pause(
        &self,
        retry: u32,
        asked: Option<Duration>,
        random: &dyn Random,
    ) -> Option<Duration> {
        match asked {
            Some(asked) => (asked <= self.longest_wait).then_some(asked),
            None => Some(self.back_off(retry, random)),
        }
    }

    fn back_off(&self, retry: u32, random: &dyn Random) -> Duration {
        let doubled = 2_u32.saturating_pow(retry);
        let longest = self.first_pause.saturating_mul(doubled);
        let half = longest.min(self.longest_pause) / 2;
        half + half.mul_f64(fraction(random))
    }
}

/// A number from 0 to 1.
fn fraction(random: &dyn Random) -> f64 {
    let mut bytes = [0; 4];
    random.fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

/// A pause that ends.
pub type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Waits; injected so that tests of retries need not.
pub trait Sleep: Send + Sync {
    /// Ends after `duration`.
    fn sleep(&self, duration: Duration) -> Pause;
}

/// Waits by tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioSleep;

impl Sleep for TokioSleep {
    fn sleep(&self, duration: Duration) -> Pause {
        Box::pin(tokio::time::sleep(duration))
    }
}

impl<F: Fn(Duration) -> Pause + Send + Sync> Sleep for F {
    fn sleep(&self, duration: Duration) -> Pause {
        self(duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: fn(&mut [u8]) = |bytes| bytes.fill(0);
    const MOST: fn(&mut [u8]) = |bytes| bytes.fill(0xff);

    #[test]
    fn pauses_double_up_to_the_longest_and_half_of_each_is_random() {
        let retries = Retries::default();
        let pauses = |random: &dyn Random| {
            let pause = |retry| retries.pause(retry, None, random).unwrap().as_millis();
            [pause(0), pause(1), pause(3), pause(5), pause(4_000_000_000)]
        };
        assert_eq!(pauses(&LEAST), [250, 500, 2000, 5000, 5000]);
        assert_eq!(pauses(&MOST), [500, 1000, 4000, 10_000, 10_000]);
    }

    #[test]
    fn the_server_chooses_the_pause_within_the_limit() {
        let retries = Retries::default();
        let asked = |seconds| retries.pause(0, Some(Duration::from_secs(seconds)), &LEAST);
        assert_eq!(asked(0), Some(Duration::ZERO));
        assert_eq!(asked(60), Some(Duration::from_secs(60)));
        assert_eq!(asked(61), None);
    }
}
