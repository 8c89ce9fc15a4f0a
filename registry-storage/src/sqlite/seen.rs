//! What a reader has seen of the snapshot that it has.
//!
//! A registry reads the same few rows again and again: the facts of a repository, the manifest that a tag
//! leads to, a small layer. What one connection has read is right for as long as its snapshot is, and is
//! forgotten with it, so nothing has to say what a command changes. Places are kept for longer, because
//! whatever changes one takes a new version. A cache beside the connections was the alternative: all
//! threads would share it, and each command would have to name all that it makes wrong.

use std::{
    cell::RefCell,
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

use registry_core::{
    Digest, Reference, RepositoryName,
    backend::{BlobContent, BlobRecord, FactsVersion, ManifestRecord},
};

use super::{error::Failure, facts::Place};

/// Bytes that are kept of each kind of row.
const ROOM: usize = 256 << 10;

/// What is larger would push all else out.
const LARGEST: usize = ROOM / 8;

/// What a row takes beside its content.
const ROW: usize = 300;

/// Rows that were seen.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) places: Rows<RepositoryName, Place>,
    pub(super) blobs: Rows<(RepositoryName, Digest), Versioned<BlobRecord>>,
    pub(super) manifests: Rows<(RepositoryName, Reference), Versioned<ManifestRecord>>,
}

/// What was read beside the versions of its facts.
pub(super) type Versioned<T> = (FactsVersion, Option<T>);

/// Rows of one kind.
pub(super) struct Rows<K, V>(RefCell<Kept<K, V>>);

struct Kept<K, V> {
    rows: HashMap<K, V>,
    size: usize,
}

/// A row that says how long its content is.
pub(super) trait Weighed: Clone {
    fn weight(&self) -> usize;
}

impl Seen {
    /// A place has changed.
    pub(super) fn forget_places(&mut self) {
        self.places.0.get_mut().clear();
    }

    /// The snapshot is no longer had.
    pub(super) fn forget(&mut self) {
        self.blobs.0.get_mut().clear();
        self.manifests.0.get_mut().clear();
    }
}

impl<K: Eq + Hash, V: Weighed> Rows<K, V> {
    /// The row of a key: as it was seen, or as it is read now.
    pub(super) fn get(
        seen: Option<&Self>,
        key: impl FnOnce() -> K,
        read: impl FnOnce() -> Result<Option<V>, Failure>,
    ) -> Result<Option<V>, Failure> {
        let Some(Self(kept)) = seen else {
            return read();
        };
        let key = key();
        if let Some(row) = kept.borrow().rows.get(&key) {
            return Ok(Some(row.clone()));
        }
        let row = read()?;
        if let Some(row) = &row {
            kept.borrow_mut().keep(key, row);
        }
        Ok(row)
    }
}

impl<K: Eq + Hash, V: Clone> Rows<K, V> {
    /// The row of a key, if it was seen.
    pub(super) fn seen(&self, key: &K) -> Option<V> {
        self.0.borrow().rows.get(key).cloned()
    }
}

impl<K, V> Default for Rows<K, V> {
    fn default() -> Self {
        let (rows, size) = (HashMap::new(), 0);
        Self(RefCell::new(Kept { rows, size }))
    }
}

impl<K: Eq + Hash, V: Weighed> Kept<K, V> {
    fn keep(&mut self, key: K, row: &V) {
        let size = ROW + row.weight();
        if size > LARGEST {
            return;
        }
        if self.size + size > ROOM {
            self.clear();
        }
        if let Entry::Vacant(vacant) = self.rows.entry(key) {
            vacant.insert(row.clone());
            self.size += size;
        }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.size = 0;
    }
}

impl Weighed for Place {
    fn weight(&self) -> usize {
        0
    }
}

impl Weighed for Versioned<BlobRecord> {
    fn weight(&self) -> usize {
        match self.1.as_ref().map(|blob| &blob.content) {
            Some(BlobContent::Inline(bytes)) => bytes.len(),
            Some(BlobContent::Object(_)) | None => 0,
        }
    }
}

impl Weighed for Versioned<ManifestRecord> {
    fn weight(&self) -> usize {
        self.1.as_ref().map_or(0, |manifest| manifest.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weighed for Vec<u8> {
        fn weight(&self) -> usize {
            self.len()
        }
    }

    fn read(rows: &Rows<u32, Vec<u8>>, key: u32, length: usize) -> usize {
        let row = Rows::get(Some(rows), || key, || Ok(Some(vec![0; length])));
        row.unwrap().unwrap().len()
    }

    #[test]
    fn a_row_is_read_once_and_again_when_it_is_forgotten() {
        let mut seen = Rows::default();
        assert_eq!(read(&seen, 1, 10), 10);
        assert_eq!(read(&seen, 1, 20), 10);
        assert_eq!(read(&seen, 2, 30), 30);
        seen.0.get_mut().clear();
        assert_eq!(read(&seen, 1, 20), 20);
    }

    #[test]
    fn what_is_not_there_is_looked_for_again() {
        let seen = Rows::<u32, Vec<u8>>::default();
        let found = Rows::get(Some(&seen), || 1, || Ok(None));
        assert_eq!(found.unwrap(), None);
        assert_eq!(read(&seen, 1, 20), 20);
    }

    #[test]
    fn rows_take_no_more_room_than_they_may() {
        let seen = Rows::default();
        assert_eq!(read(&seen, 0, LARGEST), LARGEST);
        assert_eq!(read(&seen, 0, 5), 5);
        for key in 1..10_000 {
            read(&seen, key, 1000);
            let kept = seen.0.borrow();
            assert!(kept.size <= ROOM && kept.rows.len() <= ROOM / (ROW + 1000) + 1);
        }
    }
}
