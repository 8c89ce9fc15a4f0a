//! What is to be done once, though several want it at the same time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex as Lock, PoisonError},
};

use tokio::sync::Mutex;

/// What is known of each key, held by one at a time.
pub(super) struct Onces<K, V>(Lock<BTreeMap<K, Arc<Mutex<V>>>>);

impl<K, V> Default for Onces<K, V> {
    fn default() -> Self {
        Self(Lock::default())
    }
}

impl<K: Ord, V: Default> Onces<K, V> {
    /// What is known of this key. Who holds its lock does what is missing.
    pub(super) fn of(&self, key: K) -> Arc<Mutex<V>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_default())
    }
}
