//! Telling a slow link from a client that holds a connection for its own sake.
//!
//! Only the time spent waiting for the other side counts, so our own slowness is nobody's fault. The
//! clock is read when a transfer has to wait, never when it flows.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::limits::Pace;

/// Watches one direction of one transfer.
#[derive(Debug)]
pub(crate) struct Pacing {
    pace: Pace,
    waiting_since: Option<Instant>,
    waited: Duration,
    bytes: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

/// The other side is slower than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooSlow;

impl Pacing {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            waiting_since: None,
            waited: Duration::ZERO,
            bytes: 0,
            timer: None,
        }
    }

    /// Nothing moved. Ready when that has lasted too long.
    pub(crate) fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<TooSlow> {
        let now = Instant::now();
        let deadline = *self.waiting_since.get_or_insert(now) + self.pace.idle;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            ready!(timer.as_mut().poll(context));
            if now >= deadline {
                return Poll::Ready(TooSlow);
            }
            // Armed for an earlier wait that ended in time.
            timer.as_mut().reset(deadline);
        }
    }

    /// So many bytes moved.
    pub(crate) fn moved(&mut self, bytes: usize) -> Result<(), TooSlow> {
        self.bytes += bytes as u64;
        let Some(since) = self.waiting_since.take() else {
            return Ok(());
        };
        self.waited += since.elapsed();
        if self.waited < self.pace.idle {
            return Ok(());
        }
        let least = self.waited.as_secs_f64() * self.pace.bytes_per_second as f64;
        let enough = self.bytes as f64 >= least;
        (self.bytes, self.waited) = (0, Duration::ZERO);
        if enough { Ok(()) } else { Err(TooSlow) }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::advance;

    use super::*;

    const PACE: Pace = Pace {
        idle: Duration::from_secs(10),
        bytes_per_second: 100,
    };

    /// Waits so long and then moves so many bytes.
    async fn step(pacing: &mut Pacing, wait: u64, bytes: usize) -> Result<(), TooSlow> {
        let waiting = poll_fn(|context| Poll::Ready(pacing.poll_wait(context))).await;
        assert_eq!(waiting, Poll::Pending);
        advance(Duration::from_secs(wait)).await;
        pacing.moved(bytes)
    }

    #[tokio::test(start_paused = true)]
    async fn hazard_32_silence_is_too_slow() {
        let mut pacing = Pacing::new(PACE);
        let start = Instant::now();
        assert_eq!(poll_fn(|context| pacing.poll_wait(context)).await, TooSlow);
        assert!(start.elapsed() >= PACE.idle);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_ended_does_not_count_again() {
        let mut pacing = Pacing::new(PACE);
        assert_eq!(step(&mut pacing, 6, 10_000).await, Ok(()));
        let start = Instant::now();
        assert_eq!(poll_fn(|context| pacing.poll_wait(context)).await, TooSlow);
        assert!(start.elapsed() >= PACE.idle);
    }

    #[tokio::test(start_paused = true)]
    async fn hazard_32_a_drip_is_too_slow() {
        let mut pacing = Pacing::new(PACE);
        assert_eq!(step(&mut pacing, 9, 1).await, Ok(()));
        assert_eq!(step(&mut pacing, 9, 1).await, Err(TooSlow));
    }

    #[tokio::test(start_paused = true)]
    async fn hazard_33_a_slow_link_may_take_a_day() {
        let mut pacing = Pacing::new(PACE);
        for _ in 0..(24 * 60 * 60 / 9) {
            assert_eq!(step(&mut pacing, 9, 900).await, Ok(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nobody_waited_is_free() {
        let mut pacing = Pacing::new(PACE);
        assert_eq!(step(&mut pacing, 1, 1).await, Ok(()));
        advance(Duration::from_secs(1000)).await;
        assert_eq!(pacing.moved(1), Ok(()));
        assert_eq!(step(&mut pacing, 1, 1).await, Ok(()));
    }
}
