//! Faults by chance, the same for the same seed.

use super::rule::Fault;
use crate::wrap::operation::Operation;

/// A seeded sequence of draws.
#[derive(Debug)]
pub(super) struct Chance {
    state: u64,
    probability: f64,
    faults: Vec<Fault>,
}

impl Chance {
    pub(super) fn new(seed: u64, probability: f64, faults: Vec<Fault>) -> Self {
        Self {
            state: seed,
            probability,
            faults,
        }
    }

    /// One of the faults that fit, or none. Each call takes two numbers of the sequence, whatever comes
    /// of it, so that the faults of later calls do not depend on which faults are allowed.
    pub(super) fn draw(&mut self, operation: Operation) -> Option<Fault> {
        let (strike, choice) = (self.next(), self.next());
        let fitting = self.faults.iter().filter(|fault| fault.fits(operation));
        let fitting: Vec<_> = fitting.collect();
        if fitting.is_empty() || !below(strike, self.probability) {
            return None;
        }
        Some(fitting[(choice % fitting.len() as u64) as usize].clone())
    }

    /// SplitMix64: short, and good enough to choose with.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Whether a number, as a fraction of all there are, is below the probability.
fn below(number: u64, probability: f64) -> bool {
    const STEPS: f64 = (1_u64 << 53) as f64;
    ((number >> 11) as f64) < probability * STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(seed: u64, probability: f64) -> Vec<bool> {
        let mut chance = Chance::new(seed, probability, vec![Fault::Unavailable]);
        (0..1000)
            .map(|_| chance.draw(Operation::Read).is_some())
            .collect()
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        assert_eq!(strikes(7, 0.3), strikes(7, 0.3));
        assert_ne!(strikes(7, 0.3), strikes(8, 0.3));
    }

    #[test]
    fn the_probability_is_kept() {
        let count = |probability| {
            strikes(1, probability)
                .into_iter()
                .filter(|hit| *hit)
                .count()
        };
        assert_eq!(count(0.0), 0);
        assert_eq!(count(1.0), 1000);
        assert!((200..400).contains(&count(0.3)));
    }

    #[test]
    fn only_fitting_faults_are_drawn() {
        let mut chance = Chance::new(3, 1.0, vec![Fault::Full, Fault::WrongBytes]);
        for _ in 0..100 {
            assert!(matches!(
                chance.draw(Operation::Read),
                Some(Fault::WrongBytes)
            ));
            assert!(matches!(chance.draw(Operation::PutBlob), Some(Fault::Full)));
            assert!(chance.draw(Operation::Facts).is_none());
        }
    }
}
