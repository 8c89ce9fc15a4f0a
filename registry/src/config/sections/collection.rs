//! Taking away what nothing keeps.

use std::time::Duration;

use crate::config::declaration::{Flag, section};

section! {
    /// Taking away what nothing keeps.
    Collection = "collection" {
        /// Keep what an answer said exists for at least so long.
        grace: Duration = Duration::from_secs(60 * 60), Flag::value("grace", "TIME");

        /// Begin a round of collection so long after the last one has ended.
        interval: Duration = Duration::from_secs(60);

        /// Of the time, how many percent collection may work: at 10, a step of 20 ms is followed by 180 ms of
        /// rest. A round that is asked for by `registry gc` does not rest.
        share: usize = 10;

        /// How many files collection may delete in a second.
        deletions: usize = 1000;

        /// Keep a file whose bytes are wrong aside for so long, once something else serves its digest.
        quarantine: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    }
}
