//! Taking away what nothing keeps.

use std::time::Duration;

use crate::config::declaration::{Flag, section};

section! {
    /// Taking away what nothing keeps.
    Collection = "collection" {
        /// Keep what an answer said exists for at least so long.
        grace: Duration = Duration::from_secs(60 * 60), Flag::value("grace", "TIME");
    }
}
