//! A read that is asked for once more, because its answer takes longer than those of others.
//!
//! Of the latest reads it is noted how long their answers took to begin. After the time in which so many percent of
//! them did, a second request goes out, and whichever is answered first is used. The time is measured, since one that
//! is set by hand suits one store on one day.
//!
//! A read that was asked for twice is noted with all the time until its answer. So it counts as one that took longer
//! than the others, as its first request did, and the time does not sink by being kept.
//!
//! Where a store is slow with everything, to ask it twice makes it slower. So each read saves up for a second request
//! what the percentile leaves, and with nothing saved there is none: of a hundred reads five at most are asked for
//! twice at 95.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{TryFutureExt, future::select};
use registry_core::backend::{StoreError, StoreErrorKind};
use tokio::time::{Instant, timeout};

/// The reads that are looked back at.
const LATEST: usize = 256;

/// A percentile of fewer would be a guess.
const ENOUGH: usize = 100;

/// So many second requests are saved up at most, in hundredths: a store that becomes slow is not met with more at once.
const MOST_SAVED: usize = 10 * 100;

/// Below the half it would be a second request for everything; nothing is above all.
const PERCENT: (u8, u8) = (50, 99);

/// What second requests there were for reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HedgeFigures {
    /// Second requests.
    pub requests: u64,
    /// Those that were answered before the first.
    pub won: u64,
    /// An answer is waited for so long before there is one; none until enough was measured.
    pub after: Option<Duration>,
}

/// When reads are asked for a second time.
pub(super) struct Hedge {
    percent: usize,
    latest: Mutex<Latest>,
}

#[derive(Default)]
struct Latest {
    /// How long answers took to begin, in the order in which they came.
    times: VecDeque<Duration>,
    /// The same by their length.
    sorted: Vec<Duration>,
    /// Hundredths of second requests.
    saved: usize,
    requests: u64,
    won: u64,
}

impl Hedge {
    /// After so many percent; what is no use is taken as the nearest that is.
    pub(super) fn new(percent: u8) -> Self {
        Self {
            percent: usize::from(percent.clamp(PERCENT.0, PERCENT.1)),
            latest: Mutex::default(),
        }
    }

    pub(super) fn figures(&self) -> HedgeFigures {
        let latest = self.latest();
        HedgeFigures {
            requests: latest.requests,
            won: latest.won,
            after: latest.percentile(self.percent),
        }
    }

    /// Asks, and once more if that takes long.
    pub(super) async fn answer<T, F>(&self, ask: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let asked = Instant::now();
        let answer = self.first_of_two(ask).await;
        // An error says nothing about how long an answer takes.
        if answer.is_ok() {
            self.latest().note(asked.elapsed());
        }
        answer
    }

    async fn first_of_two<T, F>(&self, ask: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut first = pin!(ask());
        let Some(after) = self.begin() else {
            return first.await;
        };
        if let Ok(answer) = timeout(after, first.as_mut()).await {
            return answer;
        }
        if !self.may_ask_again() {
            return first.await;
        }
        let second = pin!(ask().inspect_ok(|_| self.latest().won += 1));
        let (answer, other) = select(first, second).await.factor_first();
        match answer {
            // The other one may still be answered.
            Err(error) if error.kind != StoreErrorKind::Absent => other.await,
            answer => answer,
        }
    }

    /// A read begins: how long its answer is waited for.
    fn begin(&self) -> Option<Duration> {
        let mut latest = self.latest();
        latest.saved = MOST_SAVED.min(latest.saved + 100 - self.percent);
        latest.percentile(self.percent)
    }

    fn may_ask_again(&self) -> bool {
        let mut latest = self.latest();
        let Some(left) = latest.saved.checked_sub(100) else {
            return false;
        };
        latest.saved = left;
        latest.requests += 1;
        true
    }

    /// Whoever panicked while it was held left figures that are as good as before.
    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Latest {
    fn note(&mut self, time: Duration) {
        if self.times.len() == LATEST
            && let Some(oldest) = self.times.pop_front()
        {
            self.sorted.remove(self.place(oldest));
        }
        self.sorted.insert(self.place(time), time);
        self.times.push_back(time);
    }

    fn place(&self, time: Duration) -> usize {
        self.sorted.partition_point(|other| *other < time)
    }

    /// So many percent took less.
    fn percentile(&self, percent: usize) -> Option<Duration> {
        let enough = self.sorted.len() >= ENOUGH;
        enough.then(|| self.sorted[self.sorted.len() * percent / 100])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(times: impl IntoIterator<Item = u64>) -> Latest {
        let mut latest = Latest::default();
        for time in times {
            latest.note(Duration::from_millis(time));
        }
        latest
    }

    #[test]
    fn a_percentile_is_of_enough_and_of_the_latest() {
        let at = |latest: &Latest, percent| latest.percentile(percent).map(|time| time.as_millis());
        assert_eq!(at(&milliseconds(0..99), 95), None);
        let hundred = milliseconds((0..100).rev());
        assert_eq!(at(&hundred, 50), Some(50));
        assert_eq!(at(&hundred, 99), Some(99));

        let alike = [7; LATEST];
        let mut slower = milliseconds((0..1000).chain(alike));
        assert_eq!(at(&slower, 99), Some(7), "what was long ago is forgotten");
        for _ in 0..LATEST / 10 {
            slower.note(Duration::from_millis(70));
        }
        assert_eq!(at(&slower, 95), Some(70));
        assert_eq!(at(&slower, 50), Some(7));
        assert_eq!(slower.sorted.len(), LATEST);
    }

    #[test]
    fn no_more_is_asked_again_than_the_percentile_leaves() {
        for (percent, per_thousand) in [(95, 50), (99, 10), (50, 500), (0, 500), (255, 10)] {
            let hedge = Hedge::new(percent);
            let again = (0..1000).filter(|_| {
                hedge.begin();
                hedge.may_ask_again()
            });
            assert_eq!(again.count(), per_thousand, "{percent}");
        }
    }

    #[test]
    fn a_quiet_time_saves_up_for_a_few() {
        let hedge = Hedge::new(95);
        for _ in 0..100_000 {
            hedge.begin();
        }
        let again = (0..1000).filter(|_| hedge.may_ask_again());
        assert_eq!(again.count(), 10);
    }
}
