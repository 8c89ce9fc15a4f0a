//! The plan of what goes wrong.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    chance::Chance,
    rule::{Fault, When},
};
use crate::wrap::operation::Operation;

/// A plan of faults, shared by the wrappers that follow it.
///
/// Rules count the calls that they are about. Chance draws for each call from a seeded sequence, so a
/// run whose calls come in the same order fails in the same places. Where a rule strikes, chance is not
/// asked; of rules, the first given strikes.
///
/// ```
/// use std::sync::Arc;
///
/// use registry_core::{
///     RepositoryName, SystemClock,
///     backend::{MetadataErrorKind, Repositories},
/// };
/// use registry_storage::{
///     memory::MemoryMetadata,
///     wrap::{Fault, Faults, FaultyMetadata, Operation, When},
/// };
///
/// # futures_util::FutureExt::now_or_never(async {
/// let faults = Arc::new(Faults::default());
/// let metadata = MemoryMetadata::new(Arc::new(SystemClock));
/// let metadata = FaultyMetadata::new(Arc::new(metadata), faults.clone());
///
/// faults.add(Operation::Facts, When::Nth(2), Fault::Unavailable);
/// let name = RepositoryName::parse("team/app").unwrap();
/// assert!(metadata.facts(&name).await.is_ok());
/// let error = metadata.facts(&name).await.unwrap_err();
/// assert_eq!(error.kind, MetadataErrorKind::Unavailable);
/// assert!(metadata.facts(&name).await.is_ok());
/// # }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct Faults(Mutex<Plan>);

#[derive(Debug, Default)]
struct Plan {
    rules: Vec<Rule>,
    chance: Option<Chance>,
    injected: Vec<(Operation, Fault)>,
}

#[derive(Debug)]
struct Rule {
    operation: Option<Operation>,
    when: When,
    fault: Fault,
    calls: u64,
}

impl Faults {
    /// From now on this befalls those calls: of one operation, or of every one that the fault fits.
    pub fn add(&self, operation: impl Into<Option<Operation>>, when: When, fault: Fault) {
        let rule = Rule {
            operation: operation.into(),
            when,
            fault,
            calls: 0,
        };
        self.plan().rules.push(rule);
    }

    /// From now on one of these befalls each call with that probability, drawn from the seed.
    pub fn by_chance(&self, seed: u64, probability: f64, faults: Vec<Fault>) {
        self.plan().chance = Some(Chance::new(seed, probability, faults));
    }

    /// From now on nothing goes wrong.
    pub fn clear(&self) {
        let mut plan = self.plan();
        plan.rules.clear();
        plan.chance = None;
    }

    /// What has gone wrong so far, in its order.
    #[must_use]
    pub fn injected(&self) -> Vec<(Operation, Fault)> {
        self.plan().injected.clone()
    }

    /// What befalls the next call.
    pub(super) fn draw(&self, operation: Operation) -> Option<Fault> {
        let mut plan = self.plan();
        let fault = plan.by_rule(operation).or_else(|| {
            let chance = plan.chance.as_mut()?;
            chance.draw(operation)
        })?;
        plan.injected.push((operation, fault.clone()));
        Some(fault)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    /// Counts the call in every rule that is about it, and answers the first that strikes.
    fn by_rule(&mut self, operation: Operation) -> Option<Fault> {
        let mut found = None;
        for rule in &mut self.rules {
            if rule.strikes(operation) && found.is_none() {
                found = Some(rule.fault.clone());
            }
        }
        found
    }
}

impl Rule {
    fn strikes(&mut self, operation: Operation) -> bool {
        let is_about = self.operation.is_none_or(|only| only == operation);
        if !is_about || !self.fault.fits(operation) {
            return false;
        }
        self.calls += 1;
        self.when.is(self.calls)
    }
}
