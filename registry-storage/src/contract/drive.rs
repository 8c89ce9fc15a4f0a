//! Futures, driven as far as a clause wants them.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use futures_util::future::join;

/// After so many polls a call is taken to have been dropped often enough.
const MOST_POLLS: usize = 64;

/// How far ahead of the other the first of two calls is begun, at most.
const MOST_HEAD_START: usize = 10;

/// Runs `future` to its end.
///
/// It runs on one thread with whatever drivers tokio was compiled with, so a backend finds the
/// reactor and the blocking pool that it needs.
///
/// # Panics
/// When the runtime cannot be made.
pub fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime for the test").block_on(future)
}

/// Polls `future` at most `polls` times, whenever it asks for it, and then drops it.
pub(crate) async fn polled<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Runs `scenario` with 1, 2, 3 and so on polls, until it says that its call was done within them.
pub(crate) async fn at_every_poll(scenario: impl AsyncFn(usize) -> bool) {
    for polls in 1..=MOST_POLLS {
        if scenario(polls).await {
            return;
        }
    }
}

/// Runs `scenario` with each head start that the first of two calls may have.
pub(crate) async fn at_every_head_start(scenario: impl AsyncFn(usize)) {
    for head_start in 0..=MOST_HEAD_START {
        scenario(head_start).await;
    }
}

/// Runs both to their ends. `first` has been polled `head_start` times when `second` begins.
pub(crate) async fn race<A: Future, B: Future>(
    head_start: usize,
    first: A,
    second: B,
) -> (A::Output, B::Output) {
    let mut first: Pin<&mut A> = pin!(first);
    if let Some(early) = polled(head_start, first.as_mut()).await {
        return (early, second.await);
    }
    let (late, first) = join(second, first).await;
    (first, late)
}
