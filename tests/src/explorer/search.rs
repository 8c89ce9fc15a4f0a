//! All interleavings, breadth first.
//!
//! Breadth first finds a shortest counterexample, which is what one wants to read. States are
//! remembered by a 64 bit hash: of a million states two that differ collide with a chance of one in
//! 10⁷, and then one of them is taken for visited.

use std::{
    collections::{HashSet, VecDeque},
    hash::{Hash, Hasher},
};

use super::{
    program::Programs,
    quiesce::Quiescence,
    violation::{self, Violation},
    world::{Event, Outcome, World},
};

/// What an exploration found.
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    pub(crate) broken: Option<(Violation, Vec<Event>)>,
}

pub(crate) struct Search<'a> {
    programs: &'a mut Programs,
    quiescence: &'a mut Quiescence,
    seen: HashSet<u64>,
    /// For every state the one before it and what happened there.
    origins: Vec<(usize, Event)>,
    queue: VecDeque<(usize, World)>,
    steps: usize,
}

impl<'a> Search<'a> {
    pub(crate) fn new(programs: &'a mut Programs, quiescence: &'a mut Quiescence) -> Self {
        Self {
            programs,
            quiescence,
            seen: HashSet::new(),
            origins: Vec::new(),
            queue: VecDeque::new(),
            steps: 0,
        }
    }

    /// Explores all that can follow.
    pub(crate) fn run(mut self, start: World) -> Found {
        self.reach(0, Event::Tick, &start);
        self.queue.push_back((0, start));
        let mut broken = None;
        while let Some((state, world)) = self.queue.pop_front() {
            if let Err((violation, last)) = self.expand(state, &world) {
                broken = Some((violation, self.path(state, last)));
                break;
            }
        }
        Found {
            states: self.origins.len(),
            steps: self.steps,
            broken,
        }
    }

    /// Whether the state is a new one.
    fn reach(&mut self, from: usize, event: Event, world: &World) -> bool {
        let new = self.seen.insert(fingerprint(world));
        if new {
            self.origins.push((from, event));
        }
        new
    }

    fn expand(&mut self, state: usize, world: &World) -> Result<(), (Violation, Option<Event>)> {
        if world.is_over(self.programs) {
            return self.quiescence.check(world).map_err(|found| (found, None));
        }
        let mut stuck = true;
        for event in world.events(self.programs) {
            let broken = |violation| (violation, Some(event));
            match world.after(event, self.programs) {
                Outcome::Blocked => {}
                Outcome::Broken(violation) => return Err(broken(violation)),
                Outcome::Done(next, _) => {
                    self.steps += 1;
                    stuck &= !matches!(event, Event::Step(_));
                    if self.reach(state, event, &next) {
                        violation::check(&next).map_err(broken)?;
                        self.queue.push_back((self.origins.len() - 1, *next));
                    }
                }
            }
        }
        match stuck {
            true => Err((Violation::Deadlock, None)),
            false => Ok(()),
        }
    }

    fn path(&self, mut state: usize, last: Option<Event>) -> Vec<Event> {
        let mut events: Vec<Event> = last.into_iter().collect();
        while state != 0 {
            let (before, event) = self.origins[state];
            events.push(event);
            state = before;
        }
        events.reverse();
        events
    }
}

/// The state's hash.
pub(crate) fn fingerprint(state: &impl Hash) -> u64 {
    let mut hasher = Fingerprint(0);
    state.hash(&mut hasher);
    hasher.finish()
}

/// A hash that is quick also where nothing is optimised. States are no adversaries.
struct Fingerprint(u64);

impl Fingerprint {
    fn mix(&mut self, word: u64) {
        let mixed = (self.0 ^ word)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 29);
    }
}

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.mix((*byte).into()));
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(number.into());
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.mix(number.cast_unsigned() as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
