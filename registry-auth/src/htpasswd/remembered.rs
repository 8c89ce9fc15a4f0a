//! What was found out about passwords, bounded.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// A keyed hash of a name and a password.
pub(super) type Fingerprint = [u8; 32];

/// Entries of a generation.
const GENERATION: usize = 2048;

/// Right ones and wrong ones apart, so that trying wrong ones pushes no right one out.
#[derive(Default)]
pub(super) struct Remembered {
    right: Mutex<Generations>,
    wrong: Mutex<Generations>,
}

impl Remembered {
    /// Whether it was right; none where that is not known.
    pub(super) fn get(&self, fingerprint: &Fingerprint) -> Option<bool> {
        if holds(&self.right, fingerprint) {
            return Some(true);
        }
        holds(&self.wrong, fingerprint).then_some(false)
    }

    /// Remembers.
    pub(super) fn put(&self, fingerprint: Fingerprint, right: bool) {
        let generations = if right { &self.right } else { &self.wrong };
        let mut generations = generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.put(fingerprint);
    }
}

fn holds(generations: &Mutex<Generations>, fingerprint: &Fingerprint) -> bool {
    let mut generations = generations.lock().unwrap_or_else(PoisonError::into_inner);
    generations.holds(fingerprint)
}

/// Two generations: the older one is thrown away when the younger one is full, and what is asked for moves to the
/// younger one.
#[derive(Default)]
struct Generations {
    young: HashSet<Fingerprint>,
    old: HashSet<Fingerprint>,
}

impl Generations {
    fn holds(&mut self, fingerprint: &Fingerprint) -> bool {
        if self.young.contains(fingerprint) {
            return true;
        }
        let old = self.old.contains(fingerprint);
        if old {
            self.put(*fingerprint);
        }
        old
    }

    fn put(&mut self, fingerprint: Fingerprint) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(number: u32) -> Fingerprint {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_asked_for() {
        let remembered = Remembered::default();
        remembered.put(fingerprint(0), true);
        for number in 1..20_000 {
            remembered.put(fingerprint(number), true);
            assert_eq!(remembered.get(&fingerprint(0)), Some(true));
        }
        let kept = (0..20_000).filter(|number| remembered.get(&fingerprint(*number)).is_some());
        assert!(kept.count() <= 2 * GENERATION);
    }

    #[test]
    fn wrong_ones_push_no_right_one_out() {
        let remembered = Remembered::default();
        remembered.put(fingerprint(0), true);
        for number in 1..20_000 {
            remembered.put(fingerprint(number), false);
        }
        assert_eq!(remembered.get(&fingerprint(0)), Some(true));
        assert_eq!(remembered.get(&fingerprint(19_999)), Some(false));
        assert_eq!(remembered.get(&fingerprint(1)), None);
    }
}
