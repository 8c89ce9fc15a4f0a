//! `registry config show`: what everything comes to, and why.

use std::fmt::Write;

use super::{Config, SECTIONS, Written};

/// The configuration as TOML, with the origin of each value.
pub(crate) fn show(config: &Config, written: &Written) -> String {
    let mut out = String::new();
    for (section, values) in SECTIONS.iter().zip(config.values()) {
        let gap = if out.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{gap}[{}]", section.name);
        for (key, value) in section.keys.iter().zip(values) {
            let origin = written.origin(section.name, key.name);
            let _ = match value {
                Some(value) => writeln!(out, "{} = {value} # {origin}", key.name),
                None => writeln!(out, "# {} is not set ({origin})", key.name),
            };
        }
    }
    out
}
