//! Which objects of the store something names, and which nothing may name again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Duration,
};

use registry_core::{
    Digest, Timestamp,
    backend::{Doomed, ObjectKey, UnknownObject},
};

/// The store's keys as this backend knows them.
#[derive(Debug, Default)]
pub(super) struct ObjectKeys {
    /// Objects that serve a digest.
    serving: HashMap<ObjectKey, Digest>,
    /// Unfinished writes of open sessions.
    writes: HashSet<ObjectKey>,
    /// Objects given up and not deleted yet.
    doomed: BTreeSet<ObjectKey>,
    /// Every key ever given up. They stay: a command that names one may be on its way for any time.
    gone: HashSet<ObjectKey>,
    /// Objects whose bytes are wrong.
    aside: BTreeMap<ObjectKey, Aside>,
    /// Since when the keys that nothing names have been known.
    unknown: HashMap<ObjectKey, Timestamp>,
    /// Whether those are kept, however long they have been unknown.
    pub(super) held: bool,
}

/// What is known of an object whose bytes are wrong.
#[derive(Clone, Debug)]
pub(super) struct Aside {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) since: Timestamp,
}

impl ObjectKeys {
    /// Whether no command may name it.
    pub(super) fn is_gone(&self, key: &ObjectKey) -> bool {
        self.gone.contains(key) || self.aside.contains_key(key)
    }

    pub(super) fn keep_aside(&mut self, key: ObjectKey, aside: Aside) {
        self.aside.insert(key, aside);
    }

    /// What is kept aside, by key.
    pub(super) fn aside(&self) -> &BTreeMap<ObjectKey, Aside> {
        &self.aside
    }

    /// The digest that an object serves.
    pub(super) fn served(&self, key: &ObjectKey) -> Option<&Digest> {
        self.serving.get(key)
    }

    pub(super) fn serve(&mut self, key: ObjectKey, digest: Digest) {
        self.unknown.remove(&key);
        self.serving.insert(key, digest);
    }

    pub(super) fn end_service(&mut self, key: &ObjectKey) {
        self.serving.remove(key);
    }

    pub(super) fn begin_write(&mut self, key: ObjectKey) {
        self.unknown.remove(&key);
        self.writes.insert(key);
    }

    pub(super) fn end_write(&mut self, key: &ObjectKey) {
        self.writes.remove(key);
    }

    /// Gives an object up for ever.
    pub(super) fn doom(&mut self, key: ObjectKey) {
        self.serving.remove(&key);
        self.aside.remove(&key);
        self.unknown.remove(&key);
        self.gone.insert(key.clone());
        self.doomed.insert(key);
    }

    pub(super) fn doomed(&self, limit: usize) -> Vec<Doomed> {
        let keys = self.doomed.iter().take(limit).cloned();
        keys.map(|key| Doomed { key }).collect()
    }

    pub(super) fn forget_doomed(&mut self, key: &ObjectKey) {
        self.doomed.remove(key);
    }

    /// What is known of a key that nothing names; `None` for any other.
    pub(super) fn look_up(&mut self, key: &ObjectKey, now: Timestamp) -> Option<UnknownObject> {
        if self.is_named(key) {
            return None;
        }
        let since = *self.unknown.entry(key.clone()).or_insert(now);
        Some(UnknownObject {
            key: key.clone(),
            age: now.since(since),
        })
    }

    /// Forgets since when keys were unknown, but for these.
    pub(super) fn forget_unknown(&mut self, but: &[ObjectKey]) {
        let but: HashSet<_> = but.iter().collect();
        self.unknown.retain(|key, _| but.contains(key));
    }

    /// Gives a key up if nothing names it, and nothing has for that long.
    pub(super) fn doom_unknown(
        &mut self,
        key: &ObjectKey,
        now: Timestamp,
        grace: Duration,
    ) -> bool {
        if self.held && !grace.is_zero() {
            return false;
        }
        let since = self.unknown.get(key);
        let ripe = match since {
            Some(since) => now.since(*since) >= grace,
            None => grace.is_zero() && !self.is_named(key),
        };
        if ripe {
            self.doom(key.clone());
        }
        ripe
    }

    fn is_named(&self, key: &ObjectKey) -> bool {
        self.serving.contains_key(key)
            || self.writes.contains(key)
            || self.doomed.contains(key)
            || self.aside.contains_key(key)
    }
}
