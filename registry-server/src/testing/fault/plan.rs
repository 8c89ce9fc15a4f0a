//! The faults a test asked for, and which of them meets a request.

use std::sync::{Mutex, PoisonError};

use http::Method;

use super::{Fault, Kind, On};
use crate::route::Route;

/// Faults in the order they were added; the first that fits a request meets it.
pub(in crate::testing) struct Plan {
    state: Mutex<State>,
}

struct State {
    rules: Vec<Rule>,
    random: u64,
}

struct Rule {
    on: On,
    fault: Fault,
    met: u64,
    fired: u64,
}

impl Plan {
    pub(in crate::testing) fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new(State {
                rules: Vec::new(),
                random: seed,
            }),
        }
    }

    pub(in crate::testing) fn add(&self, on: On, fault: Fault) {
        self.lock().rules.push(Rule {
            on,
            fault,
            met: 0,
            fired: 0,
        });
    }

    pub(in crate::testing) fn clear(&self) {
        self.lock().rules.clear();
    }

    /// The fault that meets this request.
    pub(in crate::testing) fn meet(&self, method: &Method, route: Option<&Route>) -> Option<Kind> {
        let State { rules, random } = &mut *self.lock();
        let fitting = rules
            .iter_mut()
            .filter(|rule| rule.on.matches(method, route));
        for rule in fitting {
            if rule.fires(random) {
                return Some(rule.fault.0.clone());
            }
        }
        None
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn fires(&mut self, random: &mut u64) -> bool {
        self.met += 1;
        let due = self.met > self.on.skip && self.on.times.is_none_or(|times| self.fired < times);
        let drawn = due
            && self
                .on
                .probability
                .is_none_or(|chance| draw(random) < chance);
        self.fired += u64::from(drawn);
        drawn
    }
}

/// SplitMix64, as a number from 0 up to 1.
fn draw(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    // 53 bits are what a double holds exactly.
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}
