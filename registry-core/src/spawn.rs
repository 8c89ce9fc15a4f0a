//! Running to the end what a caller may have stopped waiting for.
//!
//! A server drops a request's future when its client goes away. A commit must not end half way, so
//! the engine hands it to a [`Spawn`] and only waits for its answer.

use std::{future::Future, pin::Pin};

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
