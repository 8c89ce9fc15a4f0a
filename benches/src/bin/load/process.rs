//! What the kernel knows of a server's processes.

use std::fs;
use std::time::Duration;

use crate::failure::{Failure, Result};

/// Linux counts CPU time for user space in these, on every architecture.
const TICKS_PER_SECOND: u64 = 100;

/// A process by its id, and those that it has started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(u32);

/// What processes hold in memory, in KiB.
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

    /// The CPU time of all threads since they began, in user space and kernel, of children that have
    /// ended, too.
    pub(crate) fn cpu_time(self) -> Result<Duration> {
        let mut total = 0;
        for process in self.family() {
            let stat = process.read("stat")?;
            total += ticks(&stat).ok_or_else(|| Failure::new("/proc/PID/stat is odd"))?;
        }
        Ok(Duration::from_millis(total * 1000 / TICKS_PER_SECOND))
    }

    pub(crate) fn memory(self) -> Result<Memory> {
        let mut total = Memory::default();
        for process in self.family() {
            let status = process.read("status")?;
            total.resident += field(&status, "VmRSS:");
            total.anonymous += field(&status, "RssAnon:");
            total.peak += field(&status, "VmHWM:");
        }
        Ok(total)
    }

    /// It, and its children: some servers work in processes of their own.
    fn family(self) -> Vec<Self> {
        let file = format!("task/{}/children", self.0);
        // A kernel may be built without it.
        let children = self.read(&file).unwrap_or_default();
        let children = children.split_ascii_whitespace();
        let children = children.filter_map(|id| id.parse().ok()).map(Self);
        std::iter::once(self).chain(children).collect()
    }

    fn read(self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).map_err(|error| Failure::from(error).during(path))
    }
}

/// utime, stime, and those of children that were waited for, counted from behind the name because that
/// may hold spaces.
fn ticks(stat: &str) -> Option<u64> {
    let (_, behind) = stat.rsplit_once(')')?;
    let fields = behind.split_ascii_whitespace().skip(11).take(4);
    let times: Option<Vec<u64>> = fields.map(|field| field.parse().ok()).collect();
    times
        .filter(|times| times.len() == 4)
        .map(|times| times.iter().sum())
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
        let stat = "7 (a b) c) S 1 1 1 0 -1 4194560 1 0 0 0 250 50 7 3 20 0 1 0 100 1 1";
        assert_eq!(ticks(stat), Some(310));
        assert_eq!(ticks("7 (a) S 1"), None);
        assert_eq!(field("VmPeak:\t 9 kB\nVmRSS:\t  1234 kB\n", "VmRSS:"), 1234);
    }
}
