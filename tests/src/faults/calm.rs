//! Whether anything is wrong, so that an answer that does not come has an excuse.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::proxy::held;
use crate::clients::{
    client::{Result, wrong},
    moment::Moment,
};

/// What everybody at work looks at.
#[derive(Debug, Default)]
pub struct Calm {
    since: Mutex<Option<Moment>>,
    over: AtomicBool,
}

impl Calm {
    /// From now on whatever is asked has to be answered.
    pub fn begin(&self) {
        *held(&self.since) = Some(Moment::now());
    }

    /// From now on it need not be.
    pub fn end(&self) {
        *held(&self.since) = None;
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
