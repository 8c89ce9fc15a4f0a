//! A standby that is asked for listings, and when it is.
//!
//! How far it is behind is measured by how far the primary's log had come, which each process looks at as long as it
//! lists: a standby that has come as far as the primary had at a moment shows what was there then, and what has come since
//! is all that can be missing. The alternatives were the age of the last commit that it has, which also grows
//! where nothing happens, and what it received and has not applied, which is nothing where it is cut off. Clocks of other
//! machines do not count.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use deadpool_postgres::Pool;
use tokio::time::Instant;

use super::session::Cancel;

/// One that did not answer is left alone for so long.
const REST: Duration = Duration::from_secs(5);

/// One that had not come far enough is left alone for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// So many marks are taken while what is listed may become too old.
const MARKS: u32 = 10;

/// How far the primary had come.
#[derive(Debug)]
pub(super) struct Mark {
    /// In its log.
    pub(super) place: String,
    /// Whose log it is.
    pub(super) registry: Vec<u8>,
}

/// Servers that copy the primary, of which whichever answers is asked.
pub(super) struct Standby {
    pub(super) pool: Pool,
    pub(super) cancel: Cancel,
    state: Mutex<State>,
}

/// What one process knows of it.
struct State {
    /// How old may be what is listed.
    lag: Duration,
    /// Marks of the primary and when each was asked for, the oldest first.
    marks: VecDeque<(Instant, Arc<Mark>)>,
    /// When a mark was asked for last.
    marked: Option<Instant>,
    /// Until when it is left alone. Then one asks again, and the others when that one was answered.
    rests: Option<Instant>,
}

impl Standby {
    pub(super) fn new(pool: Pool, cancel: Cancel, lag: Duration) -> Self {
        Self {
            pool,
            cancel,
            state: Mutex::new(State::new(lag)),
        }
    }

    /// Whether it may be asked now.
    pub(super) fn is_due(&self) -> bool {
        self.state().is_due(Instant::now())
    }

    /// Whether the primary is to be asked how far it has come: then whoever hears this asks, and nobody else.
    pub(super) fn wants_mark(&self) -> bool {
        self.state().wants_mark(Instant::now())
    }

    /// The primary had come so far when it was asked, at that moment or later.
    pub(super) fn marked(&self, asked: Instant, mark: Mark) {
        self.state().marks.push_back((asked, Arc::new(mark)));
    }

    /// How far it must have come for its listings not to be too old.
    pub(super) fn mark(&self) -> Option<Arc<Mark>> {
        self.state().mark(Instant::now())
    }

    /// It answered, and had come far enough.
    pub(super) fn served(&self) {
        self.state().rests = None;
    }

    /// It answered, and had not come far enough.
    pub(super) fn lags(&self) {
        self.state().rests = Some(Instant::now() + PAUSE);
    }

    /// It did not answer.
    pub(super) fn failed(&self) {
        self.state().rests = Some(Instant::now() + REST);
        self.pool.retain(|_, _| false);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(lag: Duration) -> Self {
        Self {
            lag,
            marks: VecDeque::new(),
            marked: None,
            rests: None,
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        match self.rests {
            Some(until) if now < until => false,
            Some(_) => {
                self.rests = Some(now + REST);
                true
            }
            None => true,
        }
    }

    fn wants_mark(&mut self, now: Instant) -> bool {
        let wants = self
            .marked
            .is_none_or(|marked| now - marked >= self.lag / MARKS);
        if wants {
            self.marked = Some(now);
        }
        wants
    }

    /// The oldest that is not too old: what came behind it may be missing.
    fn mark(&mut self, now: Instant) -> Option<Arc<Mark>> {
        while let Some((asked, _)) = self.marks.front()
            && now - *asked > self.lag
        {
            self.marks.pop_front();
        }
        self.marks.front().map(|(_, mark)| Arc::clone(mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn mark(place: &str) -> Arc<Mark> {
        Arc::new(Mark {
            place: place.to_owned(),
            registry: Vec::new(),
        })
    }

    #[test]
    fn what_counts_is_the_oldest_mark_that_is_not_too_old() {
        let (mut state, start) = (State::new(3 * SECOND), Instant::now());
        for (age, place) in [(0, "0/1"), (1, "0/2"), (2, "0/3")] {
            state.marks.push_back((start + age * SECOND, mark(place)));
        }
        let mut place_at = |age| Some(state.mark(start + age * SECOND)?.place.clone());
        for (age, place) in [(3, "0/1"), (4, "0/2"), (5, "0/3")] {
            assert_eq!(place_at(age).as_deref(), Some(place));
        }
        assert_eq!(place_at(6), None);
    }

    #[test]
    fn one_asks_for_a_mark_at_a_time() {
        let (mut state, start) = (State::new(10 * SECOND), Instant::now());
        assert!(state.wants_mark(start));
        assert!(!state.wants_mark(start + SECOND / 2));
        assert!(state.wants_mark(start + SECOND));
        assert!(!state.wants_mark(start + SECOND));
    }

    #[test]
    fn after_a_rest_one_asks_and_the_others_wait_for_what_it_hears() {
        let (mut state, start) = (State::new(SECOND), Instant::now());
        assert!(state.is_due(start));
        assert!(state.is_due(start));
        state.rests = Some(start + REST);
        assert!(!state.is_due(start));
        assert!(state.is_due(start + REST));
        assert!(!state.is_due(start + REST));
        state.rests = None;
        assert!(state.is_due(start + REST));
    }
}
