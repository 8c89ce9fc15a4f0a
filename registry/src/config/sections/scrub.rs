//! Reading everything again.

use std::time::Duration;

use crate::config::{Bytes, declaration::section};

section! {
    /// Reading everything again, to find what went wrong by itself.
    Scrub = "scrub" {
        /// Begin so long after the last run has ended. `0` never begins.
        every: Duration = Duration::from_secs(30 * 24 * 60 * 60);

        /// Read no more than so many bytes in a second.
        rate: Bytes = Bytes(16 << 20);

        /// Of the time, how many percent it may work.
        share: usize = 25;
    }
}
