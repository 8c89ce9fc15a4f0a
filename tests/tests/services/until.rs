//! What comes to be by itself.

use std::{thread::sleep, time::Duration};

use registry_tests::clients::moment::Moment;

/// How long something may take.
const PATIENCE: Duration = Duration::from_secs(120);

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Waits for it.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Moment::now();
    while !is_so() {
        assert!(begun.age() < PATIENCE, "in vain: {what}");
        sleep(BETWEEN_LOOKS);
    }
}
