//! Running to the end what a caller may have stopped waiting for.
//!
//! A server drops a request's future when its client goes away. A commit must not end half way, so
//! the engine hands it to a [`Spawn`] and only waits for its answer.

use std::{future::Future, pin::Pin};

use futures_channel::oneshot;

/// A task for a [`Spawn`].
pub type Task = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// Runs tasks to their end, whoever waits for them or not.
pub trait Spawn: Send + Sync {
    /// Starts the task. It must be polled until it is done, also when nobody waits for it.
    fn spawn(&self, task: Task);
}

impl<F: Fn(Task) + Send + Sync> Spawn for F {
    fn spawn(&self, task: Task) {
        self(task);
    }
}

/// The spawner ended the task before it was done: the runtime is shutting down, or it panicked.
#[derive(Debug)]
pub(crate) struct TaskLost;

/// Runs `work` on `spawner` and waits for its value; dropping the wait does not stop the work.
pub(crate) async fn to_its_end<T: Send + 'static>(
    spawner: &dyn Spawn,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, TaskLost> {
    let (sender, receiver) = oneshot::channel();
    spawner.spawn(Box::pin(async move {
        // Nobody waiting is the case this exists for.
        let _ = sender.send(work.await);
    }));
    receiver.await.map_err(|_| TaskLost)
}
