//! Bringing a file into memory before it is sent.
//!
//! The kernel reads ahead when somebody reads up to a mark, and that reader waits while it finds room for
//! megabytes. So a thread that may wait walks up to the marks, some way ahead of what is sent.

use std::{fs::File, sync::Arc};

use tokio::task::{JoinHandle, spawn_blocking};

use super::cached;

/// So much is brought at a time, and the next step begins when less than that is left of the last.
const STEP: u64 = 8 << 20;

/// How far a file has been brought into memory for one who reads it.
#[derive(Default)]
pub(super) struct Ahead {
    /// Nothing, until somebody had to wait for the disk.
    brought: Option<u64>,
    step: Option<JoinHandle<()>>,
}

impl Ahead {
    /// A read that ends here had to wait.
    pub(super) fn waited(&mut self, until: u64) {
        self.brought.get_or_insert(until);
    }

    /// Takes the next step if it is time. What is left to be sent begins and ends here.
    pub(super) fn go_on(&mut self, file: &Arc<File>, start: u64, end: u64) {
        let Some(brought) = self.brought else { return };
        let under_way = self.step.as_ref().is_some_and(|step| !step.is_finished());
        if under_way || brought >= end || start + STEP <= brought {
            return;
        }
        let from = brought.max(start);
        let to = end.min(from + STEP);
        let file = Arc::clone(file);
        self.brought = Some(to);
        self.step = Some(spawn_blocking(move || cached::fill(&file, from..to)));
    }

    /// Waits for the step that is under way, if there is one.
    pub(super) async fn arrived(&mut self) -> bool {
        match self.step.take() {
            // Whatever became of it, the reader finds out.
            Some(step) => step.await.is_ok(),
            None => false,
        }
    }
}
