//! Committed objects, as both stores of this backend keep them.

use std::{
    collections::BTreeMap,
    ops::{Bound, Range},
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use futures_util::stream;
use registry_core::backend::{ObjectKey, ObjectRead, StoreError, StoreErrorKind};

use super::segments::Segments;

/// Objects by key.
#[derive(Debug, Default)]
pub(super) struct Objects(BTreeMap<ObjectKey, Arc<Segments>>);

impl Objects {
    /// Keeps an object.
    pub(super) fn put(&mut self, key: ObjectKey, content: Segments) {
        self.0.insert(key, Arc::new(content));
    }

    /// Gives an object up.
    pub(super) fn remove(&mut self, key: &ObjectKey) {
        self.0.remove(key);
    }

    /// The length of an object.
    pub(super) fn size(&self, key: &ObjectKey) -> Option<u64> {
        self.0.get(key).map(|content| content.len())
    }

    /// Keys in order.
    pub(super) fn page(&self, after: Option<&ObjectKey>, limit: usize) -> Vec<ObjectKey> {
        page(&self.0, after, limit)
    }

    /// Opens an object.
    pub(super) fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<ObjectRead, StoreError> {
        let content = self.0.get(key).ok_or_else(|| absent(key))?;
        let size = content.len();
        let range = match range {
            None => 0..size,
            Some(range) if range.start < range.end && range.end <= size => range,
            Some(range) => return Err(outside(key, &range, size)),
        };
        let slices = Arc::clone(content).slices(range).map(Ok::<Bytes, _>);
        let bytes = Box::pin(stream::iter(slices));
        Ok(ObjectRead { size, bytes })
    }
}

/// Keys of a map in order, strictly after one.
pub(super) fn page<T>(
    map: &BTreeMap<ObjectKey, T>,
    after: Option<&ObjectKey>,
    limit: usize,
) -> Vec<ObjectKey> {
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let keys = map.range((start, Bound::Unbounded)).map(|(key, _)| key);
    keys.take(limit).cloned().collect()
}

/// Another number for each number, in no order: keys that grew with time would always stand before
/// whoever lists them while others write.
pub(super) fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The store behind its lock.
pub(super) fn lock<T>(store: &Mutex<T>) -> Result<MutexGuard<'_, T>, StoreError> {
    let poisoned = |_| unavailable("a panic left the store in memory half changed");
    store.lock().map_err(poisoned)
}

/// There is no such object or write.
pub(super) fn absent(key: &ObjectKey) -> StoreError {
    let message = format!("nothing is kept under {key}");
    StoreError::new(StoreErrorKind::Absent, message)
}

/// The checkpoint is none of this store's.
pub(super) fn bad_checkpoint(key: &ObjectKey) -> StoreError {
    let message = format!("the checkpoint of {key} was not written by this store");
    StoreError::new(StoreErrorKind::BadCheckpoint, message)
}

fn outside(key: &ObjectKey, range: &Range<u64>, size: u64) -> StoreError {
    unavailable(format!(
        "{key} has {size} bytes, {range:?} is no range of it"
    ))
}

fn unavailable(message: impl Into<String>) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, message)
}
