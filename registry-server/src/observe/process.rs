//! The process: memory, processor time, open files, and what was built.

use std::fs;

use registry_core::{Clock, Timestamp};

use super::{Exposition, Gather};

/// Figures of this process, as far as the system tells them; all but the start and the build are
/// Linux's.
#[derive(Clone, Debug)]
pub struct ProcessFigures {
    started: Timestamp,
    version: &'static str,
}

/// In what `/proc` counts processor time: the same on all architectures.
const TICKS_PER_SECOND: f64 = 100.0;

impl ProcessFigures {
    /// Of a program that starts now.
    #[must_use]
    pub fn start(version: &'static str, clock: &dyn Clock) -> Self {
        Self {
            started: clock.now(),
            version,
        }
    }
}

impl Gather for ProcessFigures {
    fn gather(&self, page: &mut Exposition) {
        let mut build = page.gauge("registry_build_info", "What runs. Always 1.");
        build.count(&[("version", self.version)], 1);
        let help = "When the process started, in seconds since 1970.";
        let mut started = page.gauge("process_start_time_seconds", help);
        started.value(&[], self.started.as_millis() as f64 / 1e3);
        if let Some(bytes) = resident_bytes() {
            let help = "Memory of the process.";
            let mut memory = page.gauge("process_resident_memory_bytes", help);
            memory.count(&[], bytes);
        }
        if let Some(seconds) = processor_seconds() {
            let help = "Processor time, of the system and of the process itself.";
            let mut time = page.counter("process_cpu_seconds_total", help);
            time.value(&[], seconds);
        }
        if let Some(open) = open_files() {
            let help = "Open files, connections included.";
            page.gauge("process_open_fds", help).count(&[], open);
        }
        if let Some(most) = most_files() {
            let help = "How many files may be open.";
            page.gauge("process_max_fds", help).count(&[], most);
        }
    }
}

fn resident_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

/// The name of the program stands in parentheses and may have any character in it.
fn processor_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let ticks = rest.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.map(|field| field.parse().unwrap_or(0_u64)).sum();
    Some(ticks as f64 / TICKS_PER_SECOND)
}

fn open_files() -> Option<u64> {
    // The directory that is being read is one of them.
    let listed = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
    Some(listed.saturating_sub(1))
}

fn most_files() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/limits").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use registry_core::SystemClock;

    use super::*;

    #[test]
    fn the_system_tells_all_of_them() {
        let mut page = Exposition::default();
        ProcessFigures::start("1.2.3", &SystemClock).gather(&mut page);
        for line in [
            "registry_build_info{version=\"1.2.3\"} 1\n",
            "\nprocess_resident_memory_bytes ",
            "\nprocess_cpu_seconds_total ",
            "\nprocess_open_fds ",
            "\nprocess_max_fds ",
        ] {
            assert!(page.text().contains(line), "{line}: {}", page.text());
        }
        assert!(resident_bytes().is_some_and(|bytes| bytes > 100_000));
    }
}
