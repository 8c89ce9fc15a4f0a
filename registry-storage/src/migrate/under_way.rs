//! Several things at once, none of which stands still while something else is waited for.
//!
//! A future that is not polled keeps what it holds: a transaction and its connection, for which what is waited for may
//! wait in turn.

use std::pin::pin;

use futures_util::{
    future::{Either, select},
    stream::{FuturesUnordered, StreamExt},
};

/// What goes on, and what has ended of it.
pub(super) struct UnderWay<F: Future> {
    going: FuturesUnordered<F>,
    ended: Vec<F::Output>,
}

impl<F: Future> UnderWay<F> {
    pub(super) fn new() -> Self {
        Self {
            going: FuturesUnordered::new(),
            ended: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self, one: F) {
        self.going.push(one);
    }

    /// How many go on.
    pub(super) fn going(&self) -> usize {
        self.going.len()
    }

    /// Waits until fewer than so many go on.
    pub(super) async fn until_fewer_than(&mut self, most: usize) {
        while self.going.len() >= most {
            self.ended.extend(self.going.next().await);
        }
    }

    /// Does something else while they go on.
    pub(super) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        while !self.going.is_empty() {
            match select(work.as_mut(), self.going.next()).await {
                Either::Left((done, _)) => return done,
                Either::Right((ended, _)) => self.ended.extend(ended),
            }
        }
        work.await
    }

    /// What has ended since this was asked before.
    pub(super) fn ended(&mut self) -> Vec<F::Output> {
        std::mem::take(&mut self.ended)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;
    use tokio::{sync::Mutex, task::yield_now, time::timeout};

    use super::*;

    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

    /// Takes the connection, and keeps it while it waits.
    async fn use_it(connection: &Mutex<u32>) -> u32 {
        let mut uses = connection.lock().await;
        yield_now().await;
        *uses += 1;
        *uses
    }

    #[tokio::test]
    async fn what_waits_for_what_they_hold_gets_it() {
        let connection = Mutex::new(0);
        let mut under_way = UnderWay::new();
        for _ in 0..3 {
            under_way.begin(use_it(&connection));
        }
        // One of them holds it from here on.
        let nothing = under_way.beside(yield_now());
        timeout(PATIENCE, nothing).await.unwrap();
        assert!(connection.try_lock().is_err());
        let work = under_way.beside(use_it(&connection));
        assert_eq!(timeout(PATIENCE, work).await.expect("its turn comes"), 4);
        under_way.until_fewer_than(1).await;
        assert_eq!(under_way.ended(), [1, 2, 3]);
        assert!(under_way.ended().is_empty());
    }

    #[tokio::test]
    async fn only_so_many_go_on() {
        let connection = Mutex::new(0);
        let held = connection.lock().await;
        let mut under_way = UnderWay::new();
        under_way.begin(use_it(&connection));
        under_way.until_fewer_than(2).await;
        under_way.begin(use_it(&connection));
        assert!(poll!(pin!(under_way.until_fewer_than(2))).is_pending());
        drop(held);
        let fewer = under_way.until_fewer_than(2);
        timeout(PATIENCE, fewer).await.unwrap();
        assert_eq!(under_way.ended(), [1]);
        assert_eq!(under_way.going(), 1);
        under_way.until_fewer_than(1).await;
        assert_eq!(under_way.ended(), [2]);
        assert_eq!(under_way.beside(async { 7 }).await, 7);
    }
}
