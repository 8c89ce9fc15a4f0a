//! Tasks that engines hand over, to be run to their ends.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use registry_core::{Spawn, Task};

/// Runs tasks, and knows how many are under way. Clones are of the same tasks.
#[derive(Clone, Default)]
pub(super) struct Tasks(Arc<AtomicUsize>);

impl Tasks {
    /// Resolves when every task has come to its end.
    pub(super) async fn ended(&self) {
        while self.0.load(Ordering::Acquire) > 0 {
            tokio::task::yield_now().await;
        }
    }
}

impl Spawn for Tasks {
    fn spawn(&self, task: Task) {
        self.0.fetch_add(1, Ordering::AcqRel);
        let ends = Ends(Arc::clone(&self.0));
        tokio::spawn(async move {
            task.await;
            drop(ends);
        });
    }
}

/// Counts a task's end, also when it panics.
struct Ends(Arc<AtomicUsize>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
