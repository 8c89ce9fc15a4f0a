//! What the kernel knows of a process.

use std::fs;
use std::time::Duration;

use crate::failure::{Failure, Result};

/// Linux counts CPU time for user space in these, on every architecture.
const TICKS_PER_SECOND: u64 = 100;

/// A process by its id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(u32);

/// What a process holds in memory, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    /// The part that is no page of a file.
    pub(crate) anonymous: u64,
    /// The most that was ever resident.
    pub(crate) peak: u64,
}

impl Process {
    pub(crate) fn new(id: u32) -> Self {
        Self(id)
    }

    /// The CPU time of all its threads since it began, in user space and kernel.
    pub(crate) fn cpu_time(self) -> Result<Duration> {
        let stat = self.read("stat")?;
        let ticks = ticks(&stat).ok_or_else(|| Failure::new("/proc/PID/stat is odd"))?;
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    pub(crate) fn memory(self) -> Result<Memory> {
        let status = self.read("status")?;
        Ok(Memory {
            resident: field(&status, "VmRSS:"),
            anonymous: field(&status, "RssAnon:"),
            peak: field(&status, "VmHWM:"),
        })
    }

    fn read(self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).map_err(|error| Failure::from(error).during(path))
    }
}

/// utime and stime, which are counted from behind the name because that may hold spaces.
fn ticks(stat: &str) -> Option<u64> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_ascii_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_any_name() {
        let stat = "7 (a b) c) S 1 1 1 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 1 0 100 1 1";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(field("VmPeak:\t 9 kB\nVmRSS:\t  1234 kB\n", "VmRSS:"), 1234);
    }
}
