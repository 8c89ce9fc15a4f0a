//! When operations begin.
//!
//! In a closed loop each connection begins the next one when the last has ended: that shows the rate a
//! server can carry, but a server that stops for a second delays the requests that would have shown it.
//! In an open loop they are due at fixed times whatever the server does, and a latency counts from the
//! time it was due. The timer of the runtime is too coarse for that, so a thread hands them out.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use registry_benches::Stopwatch;
use tokio::sync::Semaphore;

/// The shortest pause between two looks at what is due.
const PAUSE: Duration = Duration::from_micros(100);

pub(crate) enum Pace {
    Closed { watch: Stopwatch, time: Duration },
    Open(Schedule),
}

impl Pace {
    /// Begins a round: so long, at so many operations in a second if a rate is given.
    pub(crate) fn begin(time: Duration, rate: Option<f64>) -> Self {
        let watch = Stopwatch::start();
        match rate {
            None => Self::Closed { watch, time },
            Some(rate) => Self::Open(Schedule::start(Arrivals::new(rate, time), watch)),
        }
    }

    /// Waits until an operation shall begin, and says since when it should; nothing if no more shall.
    pub(crate) async fn next(&self) -> Option<Duration> {
        match self {
            Self::Closed { watch, time } => Some(watch.elapsed()).filter(|now| now < time),
            Self::Open(schedule) => schedule.next().await,
        }
    }

    /// Since the round began.
    pub(crate) fn elapsed(&self) -> Duration {
        match self {
            Self::Closed { watch, .. } | Self::Open(Schedule { watch, .. }) => watch.elapsed(),
        }
    }

    /// Operations that were due, and that a server too slow for the rate has left no time for.
    pub(crate) fn not_begun(&self) -> u64 {
        match self {
            Self::Closed { .. } => 0,
            Self::Open(schedule) => schedule.arrivals.total - schedule.begun.get(),
        }
    }
}

/// Operations at even distances.
#[derive(Clone, Copy, Debug)]
struct Arrivals {
    rate: f64,
    total: u64,
    /// When none begins any more, however many are due.
    end: Duration,
}

impl Arrivals {
    fn new(rate: f64, time: Duration) -> Self {
        Self {
            rate,
            total: (time.as_secs_f64() * rate).ceil() as u64,
            end: time * 2,
        }
    }

    fn due(&self, number: u64) -> Duration {
        Duration::from_secs_f64(number as f64 / self.rate)
    }

    /// How many are due by then.
    fn until(&self, elapsed: Duration) -> u64 {
        let due = (elapsed.as_secs_f64() * self.rate).floor() as u64 + 1;
        due.min(self.total)
    }
}

/// Operations that a thread hands out as they are due.
pub(crate) struct Schedule {
    arrivals: Arrivals,
    watch: Stopwatch,
    due: Arc<Semaphore>,
    taken: Cell<u64>,
    begun: Cell<u64>,
    over: Arc<AtomicBool>,
}

impl Schedule {
    fn start(arrivals: Arrivals, watch: Stopwatch) -> Self {
        let due = Arc::new(Semaphore::new(0));
        let over = Arc::new(AtomicBool::new(false));
        let (handed, stopped) = (Arc::clone(&due), Arc::clone(&over));
        thread::spawn(move || hand_out(arrivals, watch, &handed, &stopped));
        Self {
            arrivals,
            watch,
            due,
            taken: Cell::new(0),
            begun: Cell::new(0),
            over,
        }
    }

    async fn next(&self) -> Option<Duration> {
        // They are handed out in the order in which they are waited for.
        let number = self.taken.replace(self.taken.get() + 1);
        if number >= self.arrivals.total {
            return None;
        }
        self.due.acquire().await.ok()?.forget();
        if self.watch.elapsed() > self.arrivals.end {
            return None;
        }
        self.begun.set(self.begun.get() + 1);
        Some(self.arrivals.due(number))
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn hand_out(arrivals: Arrivals, watch: Stopwatch, due: &Semaphore, over: &AtomicBool) {
    let mut handed = 0;
    while handed < arrivals.total && !over.load(Ordering::Relaxed) {
        let now = watch.elapsed();
        let until = arrivals.until(now);
        due.add_permits((until - handed) as usize);
        handed = until;
        thread::sleep(arrivals.due(handed).saturating_sub(now).max(PAUSE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_at_even_distances_and_end() {
        let arrivals = Arrivals::new(1000.0, Duration::from_secs(2));
        assert_eq!(arrivals.total, 2000);
        assert_eq!(arrivals.due(0), Duration::ZERO);
        assert_eq!(arrivals.due(500), Duration::from_millis(500));
        assert_eq!(arrivals.until(Duration::ZERO), 1);
        assert_eq!(arrivals.until(Duration::from_micros(10_500)), 11);
        assert_eq!(arrivals.until(Duration::from_secs(9)), 2000);
    }

    #[tokio::test]
    async fn what_waited_counts_from_when_it_was_due() {
        let pace = Pace::begin(Duration::from_millis(10), Some(1000.0));
        let mut due = Vec::new();
        while let Some(next) = pace.next().await {
            due.push(next);
        }
        // However late this thread was, those that began were due at their own times.
        let expected = (0..due.len() as u64).map(Duration::from_millis);
        assert_eq!(due, expected.collect::<Vec<_>>());
        assert_eq!(due.len() as u64 + pace.not_begun(), 10);
    }

    #[tokio::test]
    async fn a_closed_loop_ends_with_its_time() {
        let pace = Pace::begin(Duration::ZERO, None);
        assert_eq!(pace.next().await, None);
        assert_eq!(pace.not_begun(), 0);
    }
}
