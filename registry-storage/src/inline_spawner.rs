//! Running tasks to their end without a runtime.
//!
//! Calls of the memory backends never wait, so a task of theirs is done by the time it was polled
//! once, on the spot and on the caller's thread. A task that does wait, for a wrapper's latency say,
//! moves to a thread of its own. A runtime's spawner is the better choice wherever there is one.

use std::{
    sync::Arc,
    task::{Context, Wake, Waker},
    thread::{self, Thread},
};

use registry_core::{Spawn, Task};

/// Polls a task on the spot, and drives what is not done then on a thread of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct InlineSpawner;

impl Spawn for InlineSpawner {
    fn spawn(&self, mut task: Task) {
        // A waker that does nothing will do: where the task waits, it is polled again at once.
        if task
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
        {
            thread::spawn(move || drive(task));
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn drive(mut task: Task) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    while task.as_mut().poll(&mut context).is_pending() {
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, task::Poll};

    use super::*;

    #[test]
    fn a_task_that_does_not_wait_is_done_on_return() {
        let (sender, receiver) = mpsc::channel();
        InlineSpawner.spawn(Box::pin(async move {
            sender.send(thread::current().id()).unwrap()
        }));
        assert_eq!(receiver.try_recv(), Ok(thread::current().id()));
    }

    #[test]
    fn a_task_that_waits_is_driven_to_its_end() {
        let (sender, receiver) = mpsc::channel();
        let mut left = 3;
        InlineSpawner.spawn(Box::pin(async move {
            std::future::poll_fn(|context| {
                left -= 1;
                context.waker().wake_by_ref();
                if left == 0 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            sender.send("done").unwrap();
        }));
        assert_eq!(receiver.recv(), Ok("done"));
    }
}
