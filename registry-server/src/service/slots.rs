//! How much a caller does at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use registry_core::Caller;

use crate::observe::Traffic;

/// Counts what each caller has under way.
pub(crate) struct Slots {
    limit: usize,
    taken: Mutex<HashMap<Option<Box<str>>, usize>>,
    traffic: Option<Arc<Traffic>>,
}

/// One of a caller's slots, until dropped.
pub(crate) struct Slot<'a> {
    slots: &'a Slots,
    caller: Option<Box<str>>,
}

impl Slots {
    pub(crate) fn new(limit: usize, traffic: Option<Arc<Traffic>>) -> Self {
        Self {
            limit,
            taken: Mutex::default(),
            traffic,
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Takes a slot, if the caller has one left.
    pub(crate) fn take(&self, caller: &Caller) -> Option<Slot<'_>> {
        let caller: Option<Box<str>> = caller.name().map(Into::into);
        let mut taken = self.lock();
        if taken.get(&caller).copied().unwrap_or_default() >= self.limit {
            return None;
        }
        *taken.entry(caller.clone()).or_default() += 1;
        if let Some(traffic) = &self.traffic {
            traffic.upload_begun();
        }
        Some(Slot {
            slots: self,
            caller,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Option<Box<str>>, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(traffic) = &self.slots.traffic {
            traffic.upload_ended();
        }
        let mut taken = self.slots.lock();
        let Some(count) = taken.get_mut(&self.caller) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            taken.remove(&self.caller);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hazard_38_a_slot_comes_back_however_its_request_ends() {
        let slots = Slots::new(2, None);
        let ann = Caller::named("ann");
        let first = slots.take(&ann);
        let second = slots.take(&ann);
        assert!(first.is_some() && second.is_some() && slots.take(&ann).is_none());
        assert!(slots.take(&Caller::anonymous()).is_some());
        drop(first);
        assert!(slots.take(&ann).is_some());
        drop(second);
        assert!(slots.lock().is_empty());
    }

    #[test]
    fn a_refused_caller_is_not_remembered() {
        let slots = Slots::new(0, None);
        assert!(slots.take(&Caller::anonymous()).is_none());
        assert!(slots.lock().is_empty());
    }
}
