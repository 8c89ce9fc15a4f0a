//! Whether anything is wrong, so that an answer that does not come has an excuse.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::proxy::held;
use crate::clients::{
    client::{Result, wrong},
    moment::Moment,
};

/// What was sent has arrived after so long, where it arrives at all.
pub const LATE: Duration = Duration::from_secs(3);

const LOOK: Duration = Duration::from_millis(100);

/// What everybody at work looks at.
#[derive(Debug, Default)]
pub struct Calm {
    since: Mutex<Option<Moment>>,
    /// Commits may wait for as long as it is not calm.
    held_up: AtomicBool,
    over: AtomicBool,
}

impl Calm {
    /// From now on whatever is asked has to be answered.
    pub fn begin(&self) {
        *held(&self.since) = Some(Moment::now());
    }

    /// From now on it need not be. Commits may be held up until it is calm again, or are not.
    pub fn end(&self, held_up: bool) {
        self.held_up.store(held_up, Ordering::SeqCst);
        *held(&self.since) = None;
    }

    /// Waits until what was not answered has been done, or never will be: servers have given it up, and what
    /// they had sent has arrived.
    pub fn settle(&self) {
        thread::sleep(LATE);
        while self.held_up.load(Ordering::SeqCst) && held(&self.since).is_none() && !self.is_over()
        {
            thread::sleep(LOOK);
        }
    }

    /// Everybody stops.
    pub fn stop(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Whether everybody has to stop.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Whether something asked at this moment may stay without an answer.
    ///
    /// # Errors
    /// Where it may not, which is wrong.
    pub fn excuse(&self, asked: Moment, what: &str) -> Result<()> {
        match *held(&self.since) {
            Some(since) if asked > since => Err(wrong(format!("nothing stood in its way: {what}"))),
            _ => Ok(()),
        }
    }
}
