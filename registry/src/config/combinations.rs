//! What excludes what.

use super::{Config, Written};

/// Notes what cannot be together.
pub(super) fn check(config: &Config, written: &mut Written) {
    memory_excludes_a_directory(config, written);
}

/// Where memory is asked for on a stronger word than a directory, it wins.
fn memory_excludes_a_directory(config: &Config, written: &mut Written) {
    if !config.storage.memory {
        return;
    }
    let memory = written.origin("storage", "memory").clone();
    for name in ["path", "durability"] {
        let other = written.origin("storage", name);
        if other.rank() >= memory.rank() {
            let what = format!("storage.memory excludes storage.{name}, which is set by {other}");
            return written.problem(&memory, what);
        }
    }
}
