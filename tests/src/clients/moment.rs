//! Time as it passes, for leases.

use std::time::{Duration, Instant};

/// A moment of the harness's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Instant);

impl Moment {
    /// This one.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "a lease of a real server runs in real time, and this is the one place it is taken from"
    )]
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// How long ago it was.
    #[must_use]
    pub fn age(self) -> Duration {
        self.0.elapsed()
    }
}
