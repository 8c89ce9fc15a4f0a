//! A few values by key.

use super::row::Key;

/// A map of a dozen entries that is copied and hashed far more often than it is searched: one
/// allocation, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Table<V> {
    entries: Vec<(Key, V)>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        let entries = Vec::new();
        Self { entries }
    }
}

impl<V> Table<V> {
    pub(super) fn get(&self, key: Key) -> Option<&V> {
        self.place(key).ok().map(|place| &self.entries[place].1)
    }

    /// The value of a key, put there where there is none.
    pub(super) fn get_or(&mut self, key: Key, value: V) -> &mut V {
        let place = self.place(key).unwrap_or_else(|place| {
            self.entries.insert(place, (key, value));
            place
        });
        &mut self.entries[place].1
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Key, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    pub(super) fn into_entries(self) -> Vec<(Key, V)> {
        self.entries
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        self.entries.retain(|(_, value)| keep(value));
    }

    fn place(&self, key: Key) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, |(key, _)| *key)
    }
}
