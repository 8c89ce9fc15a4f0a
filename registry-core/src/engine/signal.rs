//! Tells whoever waits in this process that something was committed.

use std::future::Future;

use futures_channel::oneshot;

use crate::sync::{Mutex, MutexGuard, PoisonError};

/// A bell: everybody waiting is woken by a ring.
#[derive(Default)]
pub(super) struct Signal {
    waiting: Mutex<Vec<oneshot::Sender<()>>>,
}

impl Signal {
    /// Resolves at the first ring after this call.
    pub(super) fn next(&self) -> impl Future<Output = ()> + Send + use<> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.lock();
        waiting.retain(|sender| !sender.is_canceled());
        waiting.push(sender);
        drop(waiting);
        async move {
            let _ = receiver.await;
        }
    }

    pub(super) fn ring(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, shuttle))]
mod schedules {
    use std::sync::Arc;

    use shuttle::{
        check_random,
        future::{block_on, spawn},
        sync::atomic::{AtomicBool, Ordering},
    };

    use super::*;

    #[test]
    fn whoever_asks_before_looking_misses_no_ring() {
        let round = || {
            let (signal, done) = (
                Arc::new(Signal::default()),
                Arc::new(AtomicBool::new(false)),
            );
            let ringer = {
                let (signal, done) = (Arc::clone(&signal), Arc::clone(&done));
                spawn(async move {
                    done.store(true, Ordering::SeqCst);
                    signal.ring();
                })
            };
            block_on(async move {
                loop {
                    let next = signal.next();
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                    next.await;
                }
                ringer.await.unwrap();
            });
        };
        check_random(round, 5_000);
    }
}
