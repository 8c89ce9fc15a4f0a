//! Where and when it was measured.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) kernel: String,
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_mib: u64,
}

impl Machine {
    /// This one. What the kernel does not tell is empty.
    pub(crate) fn here() -> Self {
        let read = |file| fs::read_to_string(file).unwrap_or_default();
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kibibytes = memory
            .split(' ')
            .next()
            .and_then(|first| first.parse().ok());
        Self {
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            cpu: field(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_mib: kibibytes.unwrap_or(0_u64) / 1024,
        }
    }
}

/// The first line of that name, behind its colon.
fn field(text: &str, name: &str) -> String {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let found = pairs.map(|(key, value)| (key.trim(), value.trim()));
    let mut found = found.filter(|(key, _)| *key == name);
    found
        .next()
        .map_or(String::new(), |(_, value)| value.to_owned())
}

/// Now, in UTC, as `2026-11-21T12:00:00Z`.
#[expect(
    clippy::disallowed_methods,
    reason = "results say when they were measured, and nothing depends on it"
)]
pub(crate) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    date(since.unwrap_or_default().as_secs())
}

fn date(seconds: u64) -> String {
    let (mut days, time) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    while days >= length(year) {
        days -= length(year);
        year += 1;
    }
    let months = [
        31,
        length(year) - 337,
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let (month, day) = (month + 1, days + 1);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Days of a year.
fn length(year: u64) -> u64 {
    let every = |years: u64| year.is_multiple_of(years);
    let leap = every(400) || (every(4) && !every(100));
    365 + u64::from(leap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(date(1_798_761_599), "2026-12-31T23:59:59Z");
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "model\t\t: 1\nmodel name\t: A: B \nmodel name\t: C\n";
        assert_eq!(field(text, "model name"), "A: B");
        assert_eq!(field(text, "name"), "");
    }
}
