//! Tells whoever waits in this process that something was committed.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
};

use futures_channel::oneshot;

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

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
