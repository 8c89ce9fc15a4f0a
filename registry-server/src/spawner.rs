//! Running the engine's tasks to their end on tokio.

use registry_core::{Spawn, Task};
use tokio::runtime::Handle;
use tracing::Instrument;

/// Spawns on a runtime, from whichever thread it is called. A runtime that ends takes tasks with it:
/// drain the server before. A task is part of the span that it was spawned in.
#[derive(Clone, Debug)]
pub struct TokioSpawner(Handle);

impl TokioSpawner {
    /// On that runtime.
    #[must_use]
    pub fn new(runtime: Handle) -> Self {
        Self(runtime)
    }

    /// On the runtime this is called within.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn current() -> Self {
        Self(Handle::current())
    }
}

impl Spawn for TokioSpawner {
    fn spawn(&self, task: Task) {
        drop(self.0.spawn(task.in_current_span()));
    }
}
