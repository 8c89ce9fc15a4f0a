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

        /// Take no more content out of sight where so many contents with wrong bytes are found within
        /// `quarantine_within`: then it is the disk that is in doubt, and readiness turns red.
        quarantine_most: usize = 10;

        /// That time.
        quarantine_within: Duration = Duration::from_secs(10 * 60);

        /// Delete no file that the database does not know where such files are more than so many percent of all: then
        /// database and content do not belong together.
        orphans_percent: usize = 5;

        /// Up to so many unknown files their share does not matter.
        orphans_floor: usize = 10;
    }
}
